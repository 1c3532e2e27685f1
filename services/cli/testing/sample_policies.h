#pragma once

namespace countersign::cli::testing {

// Resources for the offline verbs: the identity `ann` of engineering may ask anything that does not
// contain a codename (bluebird).
inline constexpr char kSamplePolicies[] = R"(---
apiVersion: countersign/v1
kind: Identity
metadata: {name: ann}
spec: {kind: human, groups: [engineering]}
---
apiVersion: countersign/v1
kind: Dictionary
metadata: {name: codenames}
spec: {terms: [bluebird]}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: engineers}
spec: {match: {groups: [engineering]}, then: {allow: {}}}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: no-codenames}
spec: {when: {keywords: {dictionary: codenames}}, then: {deny: {message: no}}}
)";

}  // namespace countersign::cli::testing
