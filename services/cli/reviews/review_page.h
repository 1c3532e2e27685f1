#pragma once

#include <ostream>

#include "libs/json/document.h"

namespace countersign::cli::reviews {

// Prints a review, as ReviewService.GetReview returns it, with everything that will be sent. Lines
// of texts begin with "|"; a line of ">" below one marks what made the policy ask.
void PrintReview(std::ostream& out, json::Value review);

}  // namespace countersign::cli::reviews
