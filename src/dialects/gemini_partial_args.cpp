#include "dialects/gemini_partial_args.h"

#include "core/json_writer.h"
#include "dialects/gemini_fields.h"

namespace aigw::dialects::google {

// $ and then .name, [3], ['name'] or ["name"].
bool PartialArgs::parse(const std::string &path, std::vector<Step> &steps) {
    size_t at = 1;
    if (path.empty() || path[0] != '$') return false;
    while (at < path.size()) {
        if (steps.size() == kMaxDepth) return false;
        Step step;
        if (path[at] == '.') {
            size_t end = path.find_first_of(".[", at + 1);
            step.name = path.substr(at + 1, end == std::string::npos ? end : end - at - 1);
            if (step.name.empty()) return false;
            at = end == std::string::npos ? path.size() : end;
        } else if (path[at] == '[' && at + 1 < path.size() && (path[at + 1] == '\'' || path[at + 1] == '"')) {
            size_t end = path.find(std::string(1, path[at + 1]) + "]", at + 2);
            if (end == std::string::npos) return false;
            step.name = path.substr(at + 2, end - at - 2);
            at = end + 2;
        } else if (path[at] == '[') {
            size_t end = path.find(']', at);
            step.index = true;
            for (size_t i = at + 1; end != std::string::npos && i < end; ++i) {
                if (path[i] < '0' || path[i] > '9' || step.at > kMaxNodes) return false;
                step.at = step.at * 10 + static_cast<size_t>(path[i] - '0');
            }
            if (end == std::string::npos || end == at + 1) return false;
            at = end + 1;
        } else {
            return false;
        }
        steps.push_back(std::move(step));
    }
    return !steps.empty();
}

// The node of a step, made if need be; null: it does not fit what is there.
PartialArgs::Node *PartialArgs::child(Node &parent, const Step &step) {
    bool fresh = parent.children.empty() && parent.kind == Node::Kind::Object && &parent != &root_;
    if (fresh && step.index) parent.kind = Node::Kind::Array;
    if (parent.kind != (step.index ? Node::Kind::Array : Node::Kind::Object)) return nullptr;
    if (step.index) {
        if (step.at < parent.children.size()) return &parent.children[step.at];
        if (step.at > parent.children.size()) return nullptr;
    } else {
        for (Node &known : parent.children) {
            if (known.name == step.name) return &known;
        }
    }
    bytes_ += step.name.size();
    if (++nodes_ > kMaxNodes || bytes_ > kMaxBytes) return nullptr;
    parent.children.emplace_back();
    parent.children.back().name = step.name;
    return &parent.children.back();
}

bool PartialArgs::add(JsonValue piece) {
    std::vector<Step> steps;
    if (!parse(field(piece, "jsonPath").text().decode(), steps)) return false;
    Node *node = &root_;
    for (const Step &step : steps) {
        node = child(*node, step);
        if (!node) return false;
    }
    JsonValue text = field(piece, "stringValue"), number = field(piece, "numberValue"), truth = field(piece, "boolValue");
    if (!node->children.empty() || node->kind == Node::Kind::Array) return false;
    if (text.is_string()) {
        if (node->kind == Node::Kind::Raw) return false;
        node->kind = Node::Kind::String;
        node->value += text.text().escaped;
        bytes_ += text.text().escaped.size();
    } else if (node->kind == Node::Kind::String) {
        return true;  // the end of it
    } else {
        node->kind = Node::Kind::Raw;
        node->value = number.is_number() ? number.raw() : truth.is_bool() ? truth.raw() : std::string_view("null");
        bytes_ += node->value.size();
    }
    return bytes_ <= kMaxBytes;
}

// As deep as paths may be.
void PartialArgs::write(const Node &node, std::string &out) {
    switch (node.kind) {
    case Node::Kind::String:
        out.append(1, '"').append(node.value).append(1, '"');
        return;
    case Node::Kind::Raw:
        out.append(node.value);
        return;
    default:
        break;
    }
    bool object = node.kind == Node::Kind::Object;
    out += object ? '{' : '[';
    bool first = true;
    for (const Node &inner : node.children) {
        if (!first) out += ',';
        first = false;
        if (object) {
            out += '"';
            append_json_escaped(out, inner.name);
            out += "\":";
        }
        write(inner, out);
    }
    out += object ? '}' : ']';
}

std::string PartialArgs::json() const {
    std::string out;
    write(root_, out);
    return out;
}

}  // namespace aigw::dialects::google
