#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <iostream>
#include <map>
#include <set>
#include <string>

#include "libs/base/random.h"
#include "services/approval/testing/review_store_contract.h"

// A random walk over a store and a model of its promises (approvals, uses, time). Every
// disagreement prints the seed that reproduces it.
namespace countersign::approval::testing {

class ReviewModel {
 public:
  struct One {
    int approvals = 1;
    char hash = 'a';
    bool denied = false, revoked = false;
    std::set<std::string> approvers;
    std::string used_by;
    absl::Duration opened, approved;
  };

  ReviewState ExpectedState(const One& one, absl::Duration now) const {
    if (one.denied) return ReviewState::kDenied;
    if (one.revoked) return ReviewState::kRevoked;
    if (!one.used_by.empty()) return ReviewState::kConsumed;
    if (one.approvers.size() >= static_cast<std::size_t>(one.approvals)) {
      return now >= one.approved + absl::Minutes(5) ? ReviewState::kExpired
                                                    : ReviewState::kApproved;
    }
    return now >= one.opened + absl::Minutes(15) ? ReviewState::kExpired : ReviewState::kPending;
  }

  std::map<std::string, One> reviews;
};

class ReviewWalk {
 public:
  ReviewWalk(StoreUnderTest& test, std::uint64_t seed) : test_(test), state_(seed | 1) {}

  void Step() {
    switch (Pick(10)) {
      case 0:
      case 1:
      case 2: return Join();
      case 3:
      case 4:
      case 5: return Vote();
      case 6:
      case 7: return Use();
      case 8: return Revoke();
      default: return Wait();
    }
  }

  void CheckAll() {
    for (const auto& [id, one] : model_.reviews) {
      INFO("review " << id);
      CHECK(domain::ToString(testing::ReadState(test_.store(), id)) ==
            domain::ToString(model_.ExpectedState(one, now_)));
    }
    WholeLog(test_.store());
  }

 private:
  // xorshift64*: the same walk from the same seed on every platform.
  int Pick(int below) {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<int>((state_ * 2685821657736338717ULL >> 33) %
                            static_cast<std::uint64_t>(below));
  }

  ReviewModel::One* Some(std::string& id) {
    if (model_.reviews.empty()) return nullptr;
    auto one = std::next(model_.reviews.begin(), Pick(static_cast<int>(model_.reviews.size())));
    id = one->first;
    return &one->second;
  }

  void Join() {
    const char hash = static_cast<char>('a' + Pick(3));
    const int approvals = 1 + Pick(2);
    const auto joined = test_.store().Join(ACall("s", hash, approvals));
    REQUIRE(joined.ok());
    if (joined->opened) {
      CHECK(model_.reviews.count(joined->review.id) == 0);
      ReviewModel::One one;
      one.hash = hash;
      one.approvals = approvals;
      one.opened = now_;
      model_.reviews[joined->review.id] = one;
      return;
    }
    const auto known = model_.reviews.find(joined->review.id);
    REQUIRE(known != model_.reviews.end());
    CHECK(known->second.hash == hash);
    const ReviewState state = model_.ExpectedState(known->second, now_);
    CHECK((state == ReviewState::kDenied || known->second.approvals == approvals));
    CHECK((state == ReviewState::kDenied || state == ReviewState::kPending ||
           state == ReviewState::kApproved));
  }

  void Vote() {
    std::string id;
    ReviewModel::One* one = Some(id);
    if (one == nullptr) return;
    const char* names[] = {"bob", "carol", "dan", "ada"};
    const std::string name = names[Pick(4)];
    const bool approve = Pick(5) != 0;
    const bool open = model_.ExpectedState(*one, now_) == ReviewState::kPending;
    const bool expected = open && name != "ada" && !(approve && one->approvers.count(name) > 0);
    const auto review =
        test_.store().CastVote(id, approve ? Approval(name, one->hash) : Denial(name));
    CHECK(review.ok() == expected);
    if (!review.ok()) return;
    if (!approve) {
      one->denied = true;
    } else {
      one->approvers.insert(name);
      one->approved = now_;
    }
  }

  void Use() {
    std::string id;
    ReviewModel::One* one = Some(id);
    if (one == nullptr) return;
    const std::string session = "session-" + std::to_string(Pick(3));
    const char hash = Pick(6) == 0 ? 'f' : one->hash;
    const bool expected =
        hash == one->hash &&
        (model_.ExpectedState(*one, now_) == ReviewState::kApproved || one->used_by == session);
    const auto use = test_.store().Consume(id, session, Somebody("ada"), BindingHash(hash));
    CHECK(use.ok() == expected);
    if (use.ok()) one->used_by = session;
  }

  void Revoke() {
    std::string id;
    ReviewModel::One* one = Some(id);
    if (one == nullptr) return;
    const ReviewState state = model_.ExpectedState(*one, now_);
    const bool expected = state == ReviewState::kApproved || state == ReviewState::kRevoked;
    CHECK(test_.store().Revoke(id, "dan", "walk").ok() == expected);
    if (expected) one->revoked = true;
  }

  void Wait() {
    const absl::Duration by = absl::Minutes(Pick(8));
    test_.Advance(by);
    now_ += by;
    if (Pick(2) == 0) REQUIRE(test_.store().ExpireDue(10).ok());
  }

  StoreUnderTest& test_;
  std::uint64_t state_;
  absl::Duration now_;
  ReviewModel model_;
};

inline void CheckRandomWalk(StoreUnderTest& test, int steps) {
  std::uint64_t seed = 0;
  SystemRandom().Fill(&seed, sizeof(seed));
  std::cout << "random walk, seed " << seed << std::endl;
  ReviewWalk walk(test, seed);
  for (int i = 0; i < steps; ++i) {
    INFO("seed " << seed << ", step " << i);
    walk.Step();
  }
  walk.CheckAll();
}

}  // namespace countersign::approval::testing
