#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/cli/gateway_client.h"
#include "services/cli/output/output.h"

namespace countersign::cli {

// One run of the command line: the global options, where output goes, and the verb that was chosen.
// Verbs register themselves with CLI11 and leave what they will do in `action`; main runs it after
// parsing.
struct Session {
  std::string address;
  std::string token;
  std::string token_file;
  std::string ca_file;
  std::string context;
  std::string format = "table";
  std::ostream& out;
  std::ostream& err;
  std::function<absl::Status()> action;

  output::Format output() const;
  // Resolves flags, environment and config file, in that order.
  absl::StatusOr<GatewayClient> Gateway() const;
};

// Prints a listing {"items": […]}: as a table of `columns` (heading → member), or the whole answer
// as JSON or YAML.
struct Column {
  std::string heading;
  std::string member;
};
void PrintListing(const Session& session, const json::Document& answer,
                  const std::vector<Column>& columns);

// Prints one object: `human` writes the readable form.
void PrintObject(const Session& session, json::Value value, const std::function<void()>& human);

// Calls a listing's method page by page until `limit` items (0: all) and joins the pages into one
// document. `request` is a JSON object without page fields.
absl::StatusOr<json::Document> ListAll(GatewayClient& gateway, absl::string_view method,
                                       const std::string& request, std::size_t limit);

// A resource that the gateway lists, in the shape in which it is written.
std::string AsWritten(json::Value item);

}  // namespace countersign::cli
