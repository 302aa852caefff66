// Arguments of a call that come in pieces, each a value at a path ($.recipe.steps[0]), put together as one JSON object.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/json.h"

namespace aigw::dialects::google {

class PartialArgs {
public:
    static constexpr size_t kMaxBytes = 16 << 20;  // of names and values
    static constexpr size_t kMaxDepth = 64;
    static constexpr size_t kMaxNodes = 65'536;

    bool empty() const { return root_.children.empty(); }
    // One element of partialArgs. False: a path that is none, or too much.
    bool add(JsonValue piece);
    std::string json() const;

private:
    struct Node {
        enum class Kind : uint8_t { Object, Array, String, Raw };
        Kind kind = Kind::Object;
        std::string name;   // in an object; plain
        std::string value;  // String: escaped; Raw: JSON
        std::vector<Node> children;
    };
    struct Step {
        bool index = false;
        size_t at = 0;
        std::string name;
    };

    static bool parse(const std::string &path, std::vector<Step> &steps);
    Node *child(Node &parent, const Step &step);
    static void write(const Node &node, std::string &out);

    Node root_;
    size_t nodes_ = 0;
    size_t bytes_ = 0;
};

}  // namespace aigw::dialects::google
