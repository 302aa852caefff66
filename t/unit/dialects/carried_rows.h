// A row of docs/carried.md: a field of a caller, what shows it, and what becomes of it.
#pragma once

namespace aigw::dialects {

enum class Fate { Carried, Hint, Refused };

struct Row {
    const char *field;    // as the page names it
    const char *members;  // JSON members that show it; `messages` replaces the usual one
    Fate fate;
    const char *shown;    // Carried: a piece of the provider's body that shows it; else the path told to the caller
    const char *becomes;  // for the page
};

inline const char *fate_name(Fate fate) {
    return fate == Fate::Carried ? "carried" : fate == Fate::Hint ? "hint" : "refused";
}

#define USER R"({"role":"user","content":"hi"})"

}  // namespace aigw::dialects
