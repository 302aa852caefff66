"""What the run says at its end about clients: report.tell("LangChain", "openai to anthropic", "80 passed"). A test that is run
once more replaces what it said."""
SECTIONS = {}


def tell(section, name, text):
    SECTIONS.setdefault(section, {})[name] = text


def lines(section):
    width = max(len(name) for name in SECTIONS[section])
    return [f"{name:{width}}  {text}" for name, text in SECTIONS[section].items()]
