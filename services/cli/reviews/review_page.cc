#include "services/cli/reviews/review_page.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "services/cli/output/output.h"
#include "services/cli/output/text_block.h"

namespace countersign::cli::reviews {
namespace {

output::Spans FindSpans(json::Value findings, std::size_t part) {
  output::Spans spans;
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
    output::PrintField(out, name, output::Cell(value));
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
    output::PrintText(out, parts.at(i)["text"].text(), FindSpans(review["findings"], i));
  }
  PrintRest(out, review);
}

}  // namespace countersign::cli::reviews
