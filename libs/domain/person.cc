#include "libs/domain/person.h"

#include "absl/strings/str_cat.h"

namespace countersign::domain {

std::string Person::DisplayName() const {
  return identity.empty() ? absl::StrCat(issuer, "#", subject) : identity;
}

Person ToPerson(const Principal& principal) {
  return Person{principal.issuer, principal.subject, principal.identity, principal.owner};
}

std::string PersonKey(const Person& person) {
  if (!person.owner.empty()) return absl::StrCat("identity:", person.owner);
  if (!person.identity.empty()) return absl::StrCat("identity:", person.identity);
  return absl::StrCat("subject:", person.issuer.size(), ":", person.issuer, ":", person.subject);
}

bool MayVote(const Person& voter, const Person& requester) {
  if (voter.issuer == requester.issuer && voter.subject == requester.subject) return false;
  for (const std::string* mine : {&voter.identity, &voter.owner}) {
    if (mine->empty()) continue;
    if (*mine == requester.identity || *mine == requester.owner) return false;
  }
  return true;
}

}  // namespace countersign::domain
