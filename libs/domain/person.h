#pragma once

#include <string>

#include "libs/domain/principal.h"

namespace countersign::domain {

// A principal as it was authenticated when it acted. Compare people with PersonKey, never by
// display name.
struct Person {
  std::string issuer;
  std::string subject;
  std::string identity;  // empty when a verified token matched no Identity
  std::string owner;     // the Identity that answers for this one; may be empty

  std::string DisplayName() const;
};
Person ToPerson(const Principal& principal);

// Identifies the person behind a principal, for counting votes: an agent counts as its owner, an
// identity as itself whatever credential it used, any other principal as (issuer, subject).
std::string PersonKey(const Person& person);

// Whether a vote of `voter` can count on reviews of `requester`: they are not the same person,
// neither owns the other, and they have no common owner.
bool MayVote(const Person& voter, const Person& requester);

}  // namespace countersign::domain
