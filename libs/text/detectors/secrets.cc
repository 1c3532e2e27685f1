#include "libs/text/detectors/secrets.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/text/detectors/check_digits.h"
#include "libs/text/detectors/tables.h"

namespace countersign::text::detectors {
namespace {

constexpr int kPriority = 10;

void AddPrefixed(std::vector<SecretShape> shapes, std::vector<Detector>& detectors) {
  for (const SecretShape& shape : shapes) {
    detectors.push_back(
        {.entity = absl::StrCat("secret.", shape.name),
         .pattern = shape.pattern,
         .left_forbidden = shape.trait == kTail ? kAnyNeighbour : regex::ByteSet::Word(),
         .check = shape.trait == kRandom ? Check{"random", LooksRandom} : Check{},
         .priority = kPriority,
         .source = shape.source,
         .found = {shape.found},
         .missed = {shape.missed}});
  }
}

}  // namespace

std::vector<Detector> SecretDetectors() {
  std::vector<Detector> detectors;
  for (auto* const table : {AiSecrets, CloudSecrets, DeveloperSecrets, BusinessSecrets}) {
    AddPrefixed(table(), detectors);
  }
  const regex::ByteSet token = regex::ByteSet::Word() | regex::ByteSet::Of("+/.-");
  for (const NamedSecretShape& shape : NamedSecrets()) {
    const redaction::ContextGate gate = AssignedTo(shape.words);
    detectors.push_back(
        {.entity = absl::StrCat("secret.", shape.name),
         .pattern = shape.pattern,
         .left_forbidden = token,
         .right_forbidden = regex::ByteSet::Word() | regex::ByteSet::Of("+/-"),
         .priority = kPriority,
         .context = gate,
         .source = shape.source,
         .found = {absl::StrCat(gate.words[0], "_key=[[", shape.found, "]]"),
                   absl::StrCat("\"", gate.words.back(), "\": \"[[", shape.found, "]]\"")},
         .missed = {absl::StrCat("is ", shape.found),
                    absl::StrCat(gate.words[0], " has ", shape.found)}});
  }
  return detectors;
}

}  // namespace countersign::text::detectors
