#pragma once

#include <string>

#include "libs/dialects/caller_error.h"

namespace countersign::dialects::openai {

// An error of the gateway in the form of OpenAI's API.
std::string WriteErrorBody(const CallerError& error);

}  // namespace countersign::dialects::openai
