#include "services/cli/invocation.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/command_line/usage.h"
#include "libs/config/user_context.h"
#include "libs/http/address.h"
#include "libs/json/writer.h"
#include "services/cli/login/saved_login.h"
#include "services/cli/user_files.h"

namespace countersign::cli {
namespace {

constexpr absl::string_view kDefaultAddress = "127.0.0.1:8080";
constexpr absl::string_view kJsonPath = "jsonpath=";

// Each page asks for this many; the server may give fewer.
constexpr std::size_t kPage = 500;

using NamedFormat = std::pair<absl::string_view, output::Format>;
const std::vector<NamedFormat>& Formats() {
  static const auto& formats = *new std::vector<NamedFormat>{{"table", output::Format::kTable},
                                                             {"wide", output::Format::kWide},
                                                             {"name", output::Format::kName},
                                                             {"json", output::Format::kJson},
                                                             {"yaml", output::Format::kYaml}};
  return formats;
}

std::string FirstNonEmpty(std::initializer_list<std::string> candidates) {
  for (const std::string& candidate : candidates) {
    if (!candidate.empty()) return candidate;
  }
  return "";
}

}  // namespace

output::Format Invocation::output() const {
  if (absl::StartsWith(format, kJsonPath)) return output::Format::kJsonPath;
  for (const auto& [name, value] : Formats()) {
    if (format == name) return value;
  }
  return output::Format::kTable;
}

absl::StatusOr<std::string> ReadFormat(const std::string& text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  std::string format =
      absl::StrCat(absl::AsciiStrToLower(text.substr(0, equals)), text.substr(equals));
  absl::string_view path = format;
  if (absl::ConsumePrefix(&path, kJsonPath)) {
    CS_RETURN_IF_ERROR(output::JsonPath::Parse(path).status());
    return format;
  }
  std::vector<absl::string_view> names;
  for (const auto& [name, value] : Formats()) {
    if (format == name) return format;
    names.push_back(name);
  }
  return absl::InvalidArgumentError(absl::StrCat("must be one of ", absl::StrJoin(names, ", "),
                                                 ", jsonpath=TEMPLATE, not \"", format, "\""));
}

void AddListingOptions(CLI::App& verb, Invocation& invocation) {
  verb.add_flag("--no-headers", invocation.no_headers, "Without the line of headings");
  verb.add_option("--sort-by", invocation.sort_by, "A heading, or a JSON path of an item");
}

absl::StatusOr<GatewayAddress> Invocation::FindGateway() const {
  config::UserContext saved;
  const absl::StatusOr<std::string> file = ReadFile(ConfigPath());
  if (file.ok()) {
    CS_ASSIGN_OR_RETURN(saved, config::ReadUserContext(ConfigPath(), *file, context));
  } else if (!context.empty()) {
    return Annotate(file.status(), absl::StrCat("context \"", context, "\""));
  } else if (!absl::IsNotFound(file.status())) {
    return file.status();  // its address and token would be missing
  }
  GatewayAddress gateway;
  gateway.url = FirstNonEmpty(
      {address, Environment("COUNTERSIGN_ADDR"), saved.address, std::string(kDefaultAddress)});
  if (!absl::StrContains(gateway.url, "://")) gateway.url = absl::StrCat("http://", gateway.url);
  const absl::StatusOr<http::Url> url = http::ParseUrl(gateway.url);
  if (!url.ok()) {
    return command_line::Misuse(
        absl::StrCat("the gateway's address must be HOST:PORT or a URL: ", url.status().message(),
                     " (--addr, COUNTERSIGN_ADDR)"));
  }
  gateway.url = std::string(absl::StripSuffix(gateway.url, "/"));
  gateway.ca_file = FirstNonEmpty({ca_file, saved.ca_file});
  if (!gateway.ca_file.empty()) CS_RETURN_IF_ERROR(ReadFile(gateway.ca_file).status());

  // Precedence: flags, then the environment, then the config file; each may give a value or a file.
  std::string from_file = token_file;
  std::string value = token;
  if (from_file.empty() && value.empty()) value = Environment("COUNTERSIGN_TOKEN");
  if (from_file.empty() && value.empty()) {
    value = saved.token;
    from_file = saved.token_file;
  }
  if (!from_file.empty()) {
    CS_ASSIGN_OR_RETURN(value, ReadFile(from_file));
    while (absl::EndsWith(value, "\n") || absl::EndsWith(value, "\r")) value.pop_back();
  }
  gateway.token = SecretString(std::move(value));
  return gateway;
}

absl::StatusOr<std::unique_ptr<GatewayClient>> Invocation::Connect() const {
  CS_ASSIGN_OR_RETURN(GatewayAddress gateway, FindGateway());
  if (gateway.token.empty()) {
    const auto login = login::ReadLogin(gateway.url);
    if (!login.ok() && !absl::IsNotFound(login.status())) return login.status();
    gateway.from_login = login.ok();
    if (login.ok()) gateway.token = login->tokens.token;
  }
  return connector(std::move(gateway));
}

output::ListingStyle MakeListingStyle(const Invocation& invocation, const ListingNames& names) {
  output::ListingStyle style{.format = invocation.output(), .table = invocation.table_style()};
  style.name_prefix = names.prefix;
  style.name_member = names.member;
  if (style.format == output::Format::kJsonPath) {
    auto path = output::JsonPath::Parse(absl::StripPrefix(invocation.format, kJsonPath));
    if (path.ok()) style.path = *std::move(path);
  }
  return style;
}

absl::Status PrintItems(const Invocation& invocation, std::vector<json::Value> items,
                        const std::vector<Column>& columns, const ListingNames& names,
                        absl::string_view next_page_token) {
  if (!invocation.sort_by.empty()) {
    const absl::Status sorted = output::SortItems(items, invocation.sort_by, columns);
    if (!sorted.ok()) return command_line::Misuse(sorted.message());
  }
  output::Listing listing(invocation.out, MakeListingStyle(invocation, names), columns);
  for (const json::Value item : items) listing.Add(item);
  listing.End(next_page_token);
  return absl::OkStatus();
}

absl::Status PrintListing(const Invocation& invocation, const json::Document& answer,
                          const std::vector<Column>& columns, const ListingNames& names) {
  const json::Value items = answer.root()["items"];
  std::vector<json::Value> all;
  for (std::size_t i = 0; i < items.size(); ++i) all.push_back(items.at(i));
  return PrintItems(invocation, std::move(all), columns, names,
                    answer.root()["nextPageToken"].text());
}

bool Confirmed(const Invocation& invocation, absl::string_view question) {
  if (isatty(STDIN_FILENO) == 0) return true;
  invocation.err << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

void PrintObject(const Invocation& invocation, json::Value value,
                 const std::function<void()>& print_table) {
  switch (invocation.output()) {
    case output::Format::kJson: output::PrintJson(invocation.out, value); break;
    case output::Format::kYaml: output::PrintYaml(invocation.out, value); break;
    case output::Format::kJsonPath: {
      const output::ListingStyle style = MakeListingStyle(invocation);
      if (style.path) invocation.out << style.path->Evaluate(value);
      break;
    }
    case output::Format::kTable:
    case output::Format::kWide:
    case output::Format::kName: print_table(); break;
  }
}

absl::StatusOr<std::string> ForEachPage(GatewayClient& gateway, absl::string_view method,
                                        const std::string& request, std::size_t limit,
                                        const UsePage& use, const std::string& page_token) {
  std::string token = page_token;
  std::size_t count = 0;
  for (;;) {
    json::Writer page;
    page.BeginObject()
        .Key("pageSize")
        .Int(static_cast<std::int64_t>(limit == 0 ? kPage : std::min(kPage, limit - count)));
    page.Key("pageToken").String(token).EndObject();
    std::string joined = page.str();
    if (request != "{}") {
      joined = absl::StrCat(joined.substr(0, joined.size() - 1), ",", request.substr(1));
    }
    CS_ASSIGN_OR_RETURN(const json::Document answer, gateway.Call(method, joined));
    const std::size_t given = answer.root()["items"].size();
    const std::size_t items = limit == 0 ? given : std::min(given, limit - count);
    CS_RETURN_IF_ERROR(use(answer.root(), items));
    count += items;
    const std::string next(answer.root()["nextPageToken"].text());
    if (next.empty() || (limit != 0 && count == limit)) return next;
    if (next == token) {
      return absl::InternalError("the gateway gives the same page again; the list is not complete");
    }
    token = next;
  }
}

absl::StatusOr<json::Document> ListAll(GatewayClient& gateway, absl::string_view method,
                                       const std::string& request, std::size_t limit) {
  std::string joined;
  const auto append = [&](json::Value page, std::size_t items) {
    for (std::size_t i = 0; i < items; ++i) {
      absl::StrAppend(&joined, joined.empty() ? "" : ",", output::ToJson(page["items"].at(i)));
    }
    return absl::OkStatus();
  };
  CS_ASSIGN_OR_RETURN(const std::string token,
                      ForEachPage(gateway, method, request, limit, append));
  return json::Document::Parse(
      absl::StrCat("{\"items\":[", joined, "],\"nextPageToken\":", json::Quote(token), "}"),
      {256u << 20, 64});
}

std::string ToResourceDocument(json::Value item) {
  json::Writer writer;
  writer.BeginObject().Key("apiVersion").String(item["apiVersion"].text());
  writer.Key("kind").String(item["kind"].text()).Key("metadata").BeginObject();
  writer.Key("name").String(item["name"].text());
  if (item["labels"].size() > 0) writer.Key("labels").Raw(output::ToJson(item["labels"]));
  writer.EndObject().Key("spec").Raw(item["spec"].text().empty() ? "{}" : item["spec"].text());
  return writer.EndObject().str();
}

}  // namespace countersign::cli
