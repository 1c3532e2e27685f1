#include "services/cli/login/saved_login.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"
#include "services/cli/user_files.h"

namespace countersign::cli::login {
namespace {

// A token that expires within this time might do so on its way.
constexpr absl::Duration kMargin = absl::Seconds(30);

// Holds the lock on the login at `path` until the result goes out of scope.
absl::StatusOr<std::shared_ptr<void>> Lock(const std::string& path) {
  const int file = open(absl::StrCat(path, ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || flock(file, LOCK_EX) != 0) {
    const int error = errno;
    if (file >= 0) close(file);
    return absl::UnavailableError(absl::StrCat("cannot lock ", path, ": ", std::strerror(error)));
  }
  return std::shared_ptr<void>(nullptr, [file](void*) { close(file); });
}

absl::Status Ended(const SavedLogin& login, absl::string_view why) {
  return absl::UnauthenticatedError(absl::StrCat("your login has ended (", why,
                                                 "); countersign login --issuer ", login.provider,
                                                 " starts a new one"));
}

absl::StatusOr<SavedLogin> Renew(const HttpCall& call, SavedLogin login, absl::Time now) {
  if (login.tokens.refresh_token.empty()) return Ended(login, "its token has expired");
  auto granted = RequestGrant(call, login.token_endpoint,
                              {{"grant_type", "refresh_token"},
                               {"refresh_token", login.tokens.refresh_token.Reveal()},
                               {"client_id", login.client_id}},
                              login.use_id_token, now);
  if (!granted.ok()) {
    return GetReason(granted.status()) == "invalid_grant"
               ? Ended(login, granted.status().message())
               : Annotate(granted.status(), "renewing your login");
  }
  // A provider that does not rotate refresh tokens leaves them out (RFC 6749 §6).
  if (granted->refresh_token.empty()) granted->refresh_token = login.tokens.refresh_token;
  login.tokens = *std::move(granted);
  return login;
}

}  // namespace

absl::StatusOr<SavedLogin> ReadLogin(const std::string& url) {
  const std::string path = LoginPath(url);
  CS_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  const auto document = json::Document::Parse(text);
  if (!document.ok()) return Annotate(document.status(), path);
  const json::Value root = document->root();
  SavedLogin login;
  login.provider = std::string(root["provider"].text());
  login.issuer = std::string(root["issuer"].text());
  login.client_id = std::string(root["clientId"].text());
  login.token_endpoint = std::string(root["tokenEndpoint"].text());
  login.use_id_token = root["useIdToken"].boolean().value_or(false);
  login.tokens.token = SecretString(std::string(root["token"].text()));
  login.tokens.refresh_token = SecretString(std::string(root["refreshToken"].text()));
  login.tokens.expires_at = absl::FromUnixSeconds(root["expiresAt"].integer().value_or(0));
  return login;
}

absl::Status WriteLogin(const std::string& url, const SavedLogin& login) {
  json::Writer writer;
  writer.BeginObject().Key("gateway").String(url).Key("provider").String(login.provider);
  writer.Key("issuer").String(login.issuer).Key("clientId").String(login.client_id);
  writer.Key("tokenEndpoint").String(login.token_endpoint);
  writer.Key("useIdToken").Bool(login.use_id_token);
  writer.Key("token").String(login.tokens.token.Reveal());
  writer.Key("refreshToken").String(login.tokens.refresh_token.Reveal());
  writer.Key("expiresAt").Int(absl::ToUnixSeconds(login.tokens.expires_at)).EndObject();
  CS_RETURN_IF_ERROR(MakeUserFolder(LoginPath(url)));
  return WriteFile(LoginPath(url), writer.str());
}

absl::StatusOr<bool> RemoveLogin(const std::string& url) {
  std::error_code error;
  const bool removed = std::filesystem::remove(LoginPath(url), error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot remove ", LoginPath(url), ": ", error.message()));
  }
  return removed;
}

absl::StatusOr<SecretString> UseLogin(const HttpCall& call, const std::string& url,
                                      const Clock& clock) {
  const auto is_fresh = [&](const SavedLogin& login) {
    return clock.Now() + kMargin < login.tokens.expires_at;
  };
  CS_ASSIGN_OR_RETURN(SavedLogin login, ReadLogin(url));
  if (is_fresh(login)) return login.tokens.token;
  CS_ASSIGN_OR_RETURN(const std::shared_ptr<void> lock, Lock(LoginPath(url)));
  CS_ASSIGN_OR_RETURN(login, ReadLogin(url));  // another process may have renewed it
  if (is_fresh(login)) return login.tokens.token;
  CS_ASSIGN_OR_RETURN(login, Renew(call, std::move(login), clock.Now()));
  CS_RETURN_IF_ERROR(WriteLogin(url, login));
  return login.tokens.token;
}

}  // namespace countersign::cli::login
