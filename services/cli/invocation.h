#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/cli/gateway_client.h"
#include "services/cli/output/listing.h"
#include "services/cli/output/output.h"

namespace CLI {
class App;
}  // namespace CLI

namespace countersign::cli {

// One run of the command line: the global options, the output streams, how to reach the gateway,
// and the chosen verb. Parsing a verb stores what it will do in `action`; Run executes that
// afterwards.
struct Invocation {
  std::string address;
  std::string token;
  std::string token_file;
  std::string ca_file;
  std::string context;
  std::string format = "table";  // as ReadFormat returns it
  bool no_headers = false;       // options of listings
  std::string sort_by;
  std::ostream& out;
  std::ostream& err;
  GatewayConnector connector;
  bool out_is_terminal = false;
  std::size_t width = 0;  // of tables; 0: no limit
  bool colours = false;
  std::function<absl::Status()> action;

  output::Format output() const;
  output::TableStyle table_style() const {
    return {.width = width, .colours = colours, .headings = !no_headers};
  }

  // The gateway given by flags, environment or config file, in that order, and the credential of
  // the first that has one. Fails when the config file, the token's file or the CA's file cannot be
  // read; sends nothing.
  absl::StatusOr<GatewayAddress> FindGateway() const;
  // A client for it; without a credential it uses the login at this gateway.
  absl::StatusOr<std::unique_ptr<GatewayClient>> Connect() const;
};

// table, wide, name, json, yaml or jsonpath=TEMPLATE, whose name may be in any case.
// INVALID_ARGUMENT says what is meant.
absl::StatusOr<std::string> ReadFormat(const std::string& text);

// Adds --no-headers and --sort-by, which every listing has.
void AddListingOptions(CLI::App& verb, Invocation& invocation);

// Prints items, or a listing {"items": […]}, as the user asked for: a table of `columns`, names,
// JSON, YAML or by a JSON path; sorted if the user wants it.
using output::Column;
struct ListingNames {
  std::string prefix;
  std::string member = "id";
};
absl::Status PrintItems(const Invocation& invocation, std::vector<json::Value> items,
                        const std::vector<Column>& columns, const ListingNames& names = {},
                        absl::string_view next_page_token = "");
absl::Status PrintListing(const Invocation& invocation, const json::Document& answer,
                          const std::vector<Column>& columns, const ListingNames& names = {});
output::ListingStyle MakeListingStyle(const Invocation& invocation, const ListingNames& names = {});

// Asks the user on a terminal; where standard input is none, the command itself is the answer.
bool Confirmed(const Invocation& invocation, absl::string_view question);

// Prints `value` as JSON, as YAML or by a JSON path if the user asked for one of them; otherwise
// calls `print_table`.
void PrintObject(const Invocation& invocation, json::Value value,
                 const std::function<void()>& print_table);

// Calls a listing's method page by page and passes each page to `use`, with the number of its items
// within `limit` (0: no limit), from the page of `page_token` on. `request` is a JSON object
// without page fields. Continues until the last page or the limit; pages may be empty. Returns the
// token of the next page, "" after the last.
using UsePage = std::function<absl::Status(json::Value page, std::size_t items)>;
absl::StatusOr<std::string> ForEachPage(GatewayClient& gateway, absl::string_view method,
                                        const std::string& request, std::size_t limit,
                                        const UsePage& use, const std::string& page_token = "");

// The pages joined into one document {"items": […], "nextPageToken": …}. For short listings.
absl::StatusOr<json::Document> ListAll(GatewayClient& gateway, absl::string_view method,
                                       const std::string& request, std::size_t limit);

// A resource from a listing, as the JSON document that `apply` reads.
std::string ToResourceDocument(json::Value item);

}  // namespace countersign::cli
