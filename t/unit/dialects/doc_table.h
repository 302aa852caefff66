// A table in a page of docs/ that the code knows better: between <!-- NAME --> and <!-- end NAME -->.
// AIGW_GOLDEN_UPDATE=1 writes it anew.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "source_dir.h"

namespace aigw {

inline void expect_doc_table(const std::string &page, const std::string &name, const std::string &table) {
    std::string path = std::string(AIGW_SOURCE_DIR) + "/docs/" + page;
    std::ostringstream read;
    read << std::ifstream(path, std::ios::binary).rdbuf();
    std::string text = read.str(), begin = "<!-- " + name + " -->\n", end = "<!-- end " + name + " -->";
    size_t from = text.find(begin), to = text.find(end);
    ASSERT_TRUE(from != std::string::npos && to != std::string::npos) << page << " has no place for " << name;
    from += begin.size();
    const char *update = std::getenv("AIGW_GOLDEN_UPDATE");
    if (update && std::string(update) == "1") {
        text.replace(from, to - from, table);
        std::ofstream(path, std::ios::binary) << text;
        return;
    }
    EXPECT_EQ(text.substr(from, to - from), table) << page;
}

}  // namespace aigw
