#include "services/cli/output/json_path.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "services/cli/output/output.h"

namespace countersign::cli::output {

// One step of a path.
struct JsonPath::Step {
  enum class Kind { kMember, kIndex, kAll, kFilter };
  Kind kind = Kind::kMember;
  std::string name;  // of the member; of a filter, what it is compared with
  int index = 0;
  std::vector<Step> filter;  // below each item
  bool equal = true;
};

// A piece of a template.
struct JsonPath::Node {
  enum class Kind { kText, kPath, kRange };
  Kind kind = Kind::kText;
  std::string text;
  Steps steps;
  Nodes body;  // of a range
};

namespace {

std::string Text(json::Value value) {
  return value.is(json::Type::kString) ? std::string(value.text()) : ToJson(value);
}

bool IsNameByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '/' ||
         (c & 0x80) != 0;
}

}  // namespace

class JsonPath::Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text), rest_(text) {}

  absl::StatusOr<Nodes> Template(bool within_range) {
    Nodes nodes;
    while (!rest_.empty()) {
      const std::size_t brace = rest_.find('{');
      if (brace != 0) {
        nodes.push_back({Node::Kind::kText, std::string(rest_.substr(0, brace)), {}, {}});
        rest_.remove_prefix(brace == absl::string_view::npos ? rest_.size() : brace);
        continue;
      }
      rest_.remove_prefix(1);
      if (absl::ConsumePrefix(&rest_, "end}")) {
        if (within_range) return nodes;
        return Mistake("an {end} without its {range}");
      }
      CS_ASSIGN_OR_RETURN(Node node, Expression());
      nodes.push_back(std::move(node));
    }
    if (within_range) return Mistake("a {range} without its {end}");
    return nodes;
  }

  absl::StatusOr<Nodes> Path() {
    CS_ASSIGN_OR_RETURN(Steps steps, ParseSteps());
    if (!rest_.empty()) return Mistake("not a path");
    Nodes nodes;
    nodes.push_back({Node::Kind::kPath, "", std::move(steps), {}});
    return nodes;
  }

 private:
  absl::Status Mistake(absl::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat("jsonpath: ", what, ", at \"", rest_.empty() ? text_ : rest_, "\""));
  }

  // What is between two braces.
  absl::StatusOr<Node> Expression() {
    Node node;
    if (absl::ConsumePrefix(&rest_, "range ")) {
      node.kind = Node::Kind::kRange;
      CS_ASSIGN_OR_RETURN(node.steps, ParseSteps());
      if (!absl::ConsumePrefix(&rest_, "}")) return Mistake("a } is missing");
      CS_ASSIGN_OR_RETURN(node.body, Template(true));
      return node;
    }
    if (rest_.empty()) return Mistake("a } is missing");
    if (rest_[0] == '"' || rest_[0] == '\'') {
      CS_ASSIGN_OR_RETURN(node.text, Quoted());
    } else {
      node.kind = Node::Kind::kPath;
      CS_ASSIGN_OR_RETURN(node.steps, ParseSteps());
    }
    if (!absl::ConsumePrefix(&rest_, "}")) return Mistake("a } is missing");
    return node;
  }

  absl::StatusOr<std::string> Quoted() {
    const char quote = rest_[0];
    std::string out;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == quote) {
        rest_.remove_prefix(i + 1);
        return out;
      }
      if (rest_[i] == '\\' && i + 1 < rest_.size()) {
        const char c = rest_[++i];
        out.push_back(c == 'n' ? '\n' : c == 't' ? '\t' : c);
      } else {
        out.push_back(rest_[i]);
      }
    }
    return Mistake("a quotation mark is missing");
  }

  absl::StatusOr<Steps> ParseSteps() {
    Steps steps;
    if (!absl::ConsumePrefix(&rest_, "$")) absl::ConsumePrefix(&rest_, "@");
    // ".items" may be written "items".
    if (!rest_.empty() && IsNameByte(rest_[0])) steps.push_back(Member());
    while (!rest_.empty()) {
      if (absl::ConsumePrefix(&rest_, "[")) {
        CS_ASSIGN_OR_RETURN(Step step, Bracket());
        steps.push_back(std::move(step));
      } else if (rest_[0] == '.') {
        rest_.remove_prefix(1);
        if (absl::ConsumePrefix(&rest_, "*")) {
          steps.push_back({Step::Kind::kAll, "", 0, {}, true});
        } else if (!rest_.empty() && IsNameByte(rest_[0])) {
          steps.push_back(Member());
        } else if (!(steps.empty() && (rest_.empty() || rest_[0] == '}' || rest_[0] == '['))) {
          return Mistake("a name is missing");
        }
      } else {
        break;
      }
    }
    return steps;
  }

  Step Member() {
    std::size_t size = 0;
    while (size < rest_.size() && IsNameByte(rest_[size])) ++size;
    Step step;
    step.name = std::string(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return step;
  }

  // Behind "[".
  absl::StatusOr<Step> Bracket() {
    Step step;
    if (absl::ConsumePrefix(&rest_, "*")) {
      step.kind = Step::Kind::kAll;
    } else if (absl::ConsumePrefix(&rest_, "?(")) {
      CS_ASSIGN_OR_RETURN(step, Filter());
    } else if (!rest_.empty() && (rest_[0] == '\'' || rest_[0] == '"')) {
      CS_ASSIGN_OR_RETURN(step.name, Quoted());
    } else {
      const absl::string_view number = rest_.substr(0, rest_.find(']'));
      step.kind = Step::Kind::kIndex;
      if (!absl::SimpleAtoi(number, &step.index)) return Mistake("not an index");
      rest_.remove_prefix(number.size());
    }
    if (!absl::ConsumePrefix(&rest_, "]")) return Mistake("a ] is missing");
    return step;
  }

  // Behind "?(".
  absl::StatusOr<Step> Filter() {
    Step step;
    step.kind = Step::Kind::kFilter;
    CS_ASSIGN_OR_RETURN(step.filter, ParseSteps());
    rest_ = absl::StripLeadingAsciiWhitespace(rest_);
    step.equal = absl::ConsumePrefix(&rest_, "==");
    if (!step.equal && !absl::ConsumePrefix(&rest_, "!=")) {
      return Mistake("a condition is PATH==VALUE or PATH!=VALUE");
    }
    rest_ = absl::StripLeadingAsciiWhitespace(rest_);
    if (!rest_.empty() && (rest_[0] == '\'' || rest_[0] == '"')) {
      CS_ASSIGN_OR_RETURN(step.name, Quoted());
    } else {
      const absl::string_view value = rest_.substr(0, rest_.find(')'));
      step.name = std::string(absl::StripAsciiWhitespace(value));
      rest_.remove_prefix(value.size());
    }
    if (!absl::ConsumePrefix(&rest_, ")")) return Mistake("a ) is missing");
    return step;
  }

  const absl::string_view text_;
  absl::string_view rest_;
};

absl::StatusOr<JsonPath> JsonPath::Parse(absl::string_view text) {
  Parser parser(text);
  JsonPath path;
  if (text.find('{') == absl::string_view::npos) {
    CS_ASSIGN_OR_RETURN(Nodes nodes, parser.Path());
    path.nodes_ = std::make_shared<const Nodes>(std::move(nodes));
  } else {
    CS_ASSIGN_OR_RETURN(Nodes nodes, parser.Template(false));
    path.nodes_ = std::make_shared<const Nodes>(std::move(nodes));
  }
  return path;
}

std::vector<json::Value> JsonPath::Follow(const Steps& steps, json::Value from) {
  std::vector<json::Value> found = {from};
  for (const Step& step : steps) {
    std::vector<json::Value> next;
    for (const json::Value value : found) {
      const int size = static_cast<int>(value.size());
      switch (step.kind) {
        case Step::Kind::kMember:
          if (value[step.name].exists()) next.push_back(value[step.name]);
          break;
        case Step::Kind::kIndex: {
          const int index = step.index < 0 ? size + step.index : step.index;
          if (index >= 0 && index < size) next.push_back(value.at(index));
          break;
        }
        case Step::Kind::kAll:
          for (int i = 0; i < size; ++i) next.push_back(value.at(i));
          break;
        case Step::Kind::kFilter:
          for (int i = 0; i < size; ++i) {
            const std::vector<json::Value> compared = Follow(step.filter, value.at(i));
            const bool same = !compared.empty() && Text(compared.front()) == step.name;
            if (same == step.equal) next.push_back(value.at(i));
          }
          break;
      }
    }
    found = std::move(next);
  }
  return found;
}

void JsonPath::Write(const Nodes& nodes, json::Value root, std::string& out) {
  for (const Node& node : nodes) {
    if (node.kind == Node::Kind::kText) {
      out += node.text;
      continue;
    }
    bool first = true;
    for (const json::Value value : Follow(node.steps, root)) {
      if (node.kind == Node::Kind::kRange) {
        Write(node.body, value, out);
      } else {
        absl::StrAppend(&out, std::exchange(first, false) ? "" : " ", Text(value));
      }
    }
  }
}

std::string JsonPath::Evaluate(json::Value root) const {
  std::string out;
  Write(*nodes_, root, out);
  return out;
}

std::vector<json::Value> JsonPath::Find(json::Value root) const {
  return nodes_->size() == 1 ? Follow(nodes_->front().steps, root) : std::vector<json::Value>();
}

}  // namespace countersign::cli::output
