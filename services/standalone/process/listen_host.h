#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// What the host of a listening address means to those who want to reach it.
namespace countersign::standalone::process {

// Whether only this machine reaches it. A name other than `localhost` is not resolved: false.
bool IsLoopback(absl::string_view host);

// Whether it stands for every address of the machine ("", 0.0.0.0, ::).
bool IsEveryAddress(absl::string_view host);

// The names and addresses under which a server on `host` is reached, `host` first: for every
// address of the machine its name and its addresses as they are now, for loopback all names of it.
std::vector<std::string> ReachableNames(const std::string& host);

// "https://127.0.0.1:8443" for the address 0.0.0.0:8443: an URL that this machine can use.
std::string LocalUrl(const std::string& address, bool tls);

}  // namespace countersign::standalone::process
