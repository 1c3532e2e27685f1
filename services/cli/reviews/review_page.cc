#include "services/cli/reviews/review_page.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "services/cli/output/output.h"

namespace countersign::cli::reviews {
namespace {

// Places in one text, as byte offsets.
using Spans = std::vector<std::pair<std::size_t, std::size_t>>;

std::size_t Width(absl::string_view text) {
  const std::string shown = output::Printable(text);
  return static_cast<std::size_t>(std::count_if(shown.begin(), shown.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// A line of ^ below what the spans mark of the line at [begin, begin + line.size()).
std::string Marks(absl::string_view line, std::size_t begin, const Spans& spans) {
  std::string marks;
  for (const auto& [from, to] : spans) {
    const std::size_t first = std::max(from, begin);
    const std::size_t last = std::min(to, begin + line.size());
    if (first >= last) continue;
    const std::size_t left = Width(line.substr(0, first - begin));
    const std::size_t size = Width(line.substr(first - begin, last - first));
    marks.resize(std::max(marks.size(), left + size), ' ');
    std::fill_n(marks.begin() + static_cast<std::ptrdiff_t>(left), size, '^');
  }
  return marks;
}

// Prints every character visibly: one output line per line of the text, other controls escaped, and
// below it marks under the spans.
void PrintText(std::ostream& out, absl::string_view text, const Spans& spans) {
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const absl::string_view line = text.substr(begin, end - begin);
    out << "  | " << output::Printable(line) << "\n";
    const std::string marks = Marks(line, begin, spans);
    if (!marks.empty()) out << "  > " << marks << "\n";
    if (end == text.size()) return;
    begin = end + 1;
  }
}

Spans FindSpans(json::Value findings, std::size_t part) {
  Spans spans;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const json::Value finding = findings.at(i);
    if (static_cast<std::size_t>(finding["part"].integer().value_or(0)) != part) continue;
    spans.emplace_back(static_cast<std::size_t>(finding["begin"].integer().value_or(0)),
                       static_cast<std::size_t>(finding["end"].integer().value_or(0)));
  }
  return spans;
}

// Prints the text that made the policy ask for a review, with the policy and rule that found it.
void PrintFindings(std::ostream& out, json::Value review) {
  const json::Value findings = review["findings"];
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const json::Value finding = findings.at(i);
    out << "  " << output::Printable(finding["policy"].text()) << ": "
        << output::Printable(finding["condition"].text()) << " "
        << output::Printable(finding["rule"].text());
    const auto begin = static_cast<std::size_t>(finding["begin"].integer().value_or(0));
    const auto end = static_cast<std::size_t>(finding["end"].integer().value_or(0));
    const auto part = static_cast<std::size_t>(finding["part"].integer().value_or(0));
    const absl::string_view text = review["parts"].at(part)["text"].text();
    if (begin < end && end <= text.size()) {
      out << ": \"" << output::Printable(text.substr(begin, end - begin)) << "\"";
    }
    out << "\n";
  }
}

// Prints everything that will be sent besides the texts.
void PrintRest(std::ostream& out, json::Value review) {
  const json::Value head = review["head"];
  if (head.exists()) {
    out << "\nRequest:\n  " << output::Printable(head["method"].text()) << " "
        << output::Printable(head["target"].text()) << "\n";
  }
  for (std::size_t i = 0; i < head["headers"].size(); ++i) {
    const json::Value header = head["headers"].at(i);
    out << "  " << output::Printable(header["name"].text()) << ": "
        << output::Printable(header["value"].text()) << "\n";
  }
  const json::Value media = review["media"];
  if (media.size() > 0) out << "\nMedia:\n";
  for (std::size_t i = 0; i < media.size(); ++i) {
    const json::Value part = media.at(i);
    out << "  " << i << ": " << output::Printable(part["pointer"].text()) << " "
        << output::Printable(part["type"].text()) << ", " << output::Cell(part["size"])
        << " bytes, SHA-256 " << part["sha256"].text() << "\n";
  }
  const json::Value members = review["members"];
  if (members.size() > 0) out << "\nAlso sent:\n";
  for (std::size_t i = 0; i < members.size(); ++i) {
    const json::Value member = members.at(i);
    out << "  " << output::Printable(member["pointer"].text()) << " = "
        << output::Printable(member["json"].text()) << "\n";
  }
}

}  // namespace

void PrintReview(std::ostream& out, json::Value review) {
  const auto line = [&](absl::string_view name, json::Value value) {
    out << name << std::string(name.size() < 14 ? 14 - name.size() : 1, ' ')
        << output::Printable(output::Cell(value)) << "\n";
  };
  line("Review:", review["id"]);
  line("State:", review["state"]);
  line("Requester:", review["requester"]);
  line("Connection:", review["connection"]);
  line("Model:", review["model"]);
  line("Policy:", review["policy"]);
  line("Tokens:", review["promptTokens"]);
  line("Reviewers:", review["reviewers"]);
  line("Approvals:", review["approvalsRequired"]);
  line("Waiting:", review["waiting"]);
  line("Expires:", review["expiresAt"]);
  line("Hash:", review["bindingHash"]);
  if (review["tools"].size() > 0) line("Tools:", review["tools"]);
  if (review["parameters"].size() > 0) line("Parameters:", review["parameters"]);
  if (review["findings"].size() > 0) {
    out << "Why:\n";
    PrintFindings(out, review);
  }
  const json::Value votes = review["votes"];
  for (std::size_t i = 0; i < votes.size(); ++i) {
    const json::Value vote = votes.at(i);
    out << "Vote:         " << output::Printable(vote["reviewer"].text()) << " "
        << output::Printable(vote["decision"].text()) << " "
        << output::Printable(output::Cell(vote["at"]));
    if (!vote["reason"].text().empty())
      out << " \"" << output::Printable(vote["reason"].text()) << "\"";
    out << "\n";
  }
  const json::Value parts = review["parts"];
  for (std::size_t i = 0; i < parts.size(); ++i) {
    out << "\n"
        << output::Printable(parts.at(i)["role"].text()) << " ("
        << output::Printable(parts.at(i)["pointer"].text()) << "):\n";
    PrintText(out, parts.at(i)["text"].text(), FindSpans(review["findings"], i));
  }
  PrintRest(out, review);
}

}  // namespace countersign::cli::reviews
