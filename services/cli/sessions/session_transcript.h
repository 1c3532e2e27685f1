#pragma once

#include <ostream>
#include <string>

#include "libs/json/document.h"

namespace countersign::cli::sessions {

// Prints a session as a person reads it: who asked what of which model, how it was decided and by
// whom, the prompt, the answer with its masks, and when each stage was. `session` and `events` as
// SessionService.GetSession returns them, with all events.
void PrintTranscript(std::ostream& out, json::Value session, json::Value events);

// Prints one line per event.
void PrintEvents(std::ostream& out, json::Value events);

// The content type in the payload of a `response.head`; empty: it has none.
std::string ContentType(json::Value head);

}  // namespace countersign::cli::sessions
