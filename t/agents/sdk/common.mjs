// What the scripts of this folder share: each asks the gateway by one SDK and prints what came, one JSON object for each
// case; the judging is done in t/integration/agents/test_node_*.py.
//   AIGW_URL  where the API's v1/ begins      AIGW_KEY  a virtual key      AIGW_KIND  the provider: openai or anthropic
export const url = process.env.AIGW_URL;
export const key = process.env.AIGW_KEY;
export const WRONG_KEY = "sk-aigw-" + "x".repeat(43);

// A model of the simulated provider of this kind, with what it shall do.
export const model = (behaviour = "ok") => `${process.env.AIGW_KIND}/${behaviour}`;

export async function collect(stream) {
  const all = [];
  for await (const item of stream) all.push(item);
  return all;
}

// What an SDK throws, as far as it tells its user something.
export async function thrown(ask, members) {
  try {
    return { answered: await ask() };
  } catch (error) {
    const found = { class: error.constructor.name };
    for (const member of members) found[member] = error[member] ?? null;
    return found;
  }
}

export async function run(cases) {
  for (const [name, ask] of Object.entries(cases)) {
    let line;
    try {
      line = { case: name, value: await ask() };
    } catch (error) {
      line = { case: name, error: String(error?.stack ?? error) };
    }
    console.log(JSON.stringify(line));
  }
}
