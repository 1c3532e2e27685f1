#include "services/authn/exchange/caller_token.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"

namespace countersign::authn::exchange {
namespace {

constexpr char kParties[] = "countersign";

absl::Status Malformed() {
  return WithReason(absl::UnauthenticatedError("the token's parties are malformed"),
                    jose::reason::kBadClaim);
}

void WriteParty(json::Writer& writer, const Party& party) {
  writer.BeginObject();
  writer.Key("provider").String(party.provider).Key("key").String(party.key_id);
  writer.Key("issuer").String(party.issuer).Key("subject").String(party.subject);
  writer.Key("name").String(party.name).Key("identity").String(party.identity);
  writer.Key("version").Int(static_cast<std::int64_t>(party.identity_version));
  writer.Key("kind").String(domain::ToString(party.kind)).Key("owner").String(party.owner);
  writer.Key("groups").BeginArray();
  for (const std::string& group : party.groups) writer.String(group);
  writer.EndArray().EndObject();
}

absl::StatusOr<Party> ReadParty(json::Value value) {
  Party party;
  const auto version = value["version"].integer();
  if (!value.is(json::Type::kObject) || !version || *version < 0) return Malformed();
  party.provider = std::string(value["provider"].text());
  party.key_id = std::string(value["key"].text());
  party.issuer = std::string(value["issuer"].text());
  party.subject = std::string(value["subject"].text());
  party.name = std::string(value["name"].text());
  party.identity = std::string(value["identity"].text());
  party.identity_version = static_cast<std::uint64_t>(*version);
  party.kind = domain::IdentityKindFromString(value["kind"].text());
  party.owner = std::string(value["owner"].text());
  const json::Value groups = value["groups"];
  if (!groups.is(json::Type::kArray)) return Malformed();
  for (std::size_t i = 0; i < groups.size(); ++i) {
    party.groups.emplace_back(groups.at(i).text());
  }
  const bool one_source = party.provider.empty() != party.key_id.empty();
  if (!one_source || party.issuer.empty() || party.subject.empty()) return Malformed();
  return party;
}

// The claim `act` of RFC 8693, section 4.1, for readers of the token; `from` is the latest actor.
void WriteActors(json::Writer& writer, const std::vector<Party>& actors, std::size_t from) {
  if (from == actors.size()) return;
  writer.Key("act").BeginObject();
  writer.Key("iss").String(actors[from].issuer).Key("sub").String(actors[from].subject);
  WriteActors(writer, actors, from + 1);
  writer.EndObject();
}

std::string Claims(const CallerToken& token, absl::string_view id) {
  json::Writer writer;
  writer.BeginObject();
  writer.Key("iss").String(kCallerTokenIssuer).Key("aud").String(kCallerTokenAudience);
  writer.Key("sub").String(token.subject.subject).Key("jti").String(id);
  writer.Key("iat").Int(absl::ToUnixSeconds(token.issued_at));
  writer.Key("exp").Int(absl::ToUnixSeconds(token.expires_at));
  WriteActors(writer, token.actors, 0);
  writer.Key(kParties).BeginObject().Key("subject");
  WriteParty(writer, token.subject);
  writer.Key("actors").BeginArray();
  for (const Party& actor : token.actors) WriteParty(writer, actor);
  writer.EndArray().EndObject().EndObject();
  return writer.str();
}

jose::Expectations MakeExpectations() {
  jose::Expectations expectations;
  expectations.issuer = std::string(kCallerTokenIssuer);
  expectations.audiences = {std::string(kCallerTokenAudience)};
  expectations.algorithms = {crypto::SignatureAlgorithm::kEs256};
  expectations.type = std::string(kCallerTokenType);
  expectations.max_lifetime = kMaxCallerTokenLifetime;
  // Other clocks of the installation read what this one has written.
  expectations.skew = absl::Seconds(10);
  return expectations;
}

}  // namespace

CallerTokens::CallerTokens(const crypto::EcSigningKey& key)
    : key_(key),
      kid_(jose::Es256Thumbprint(key.x(), key.y())),
      public_keys_(jose::JwkSetJson({jose::Es256JwkJson(kid_, key.x(), key.y())})),
      // Cannot fail: the set was just made.
      verification_keys_(*jose::ParseJwkSet(public_keys_)) {}

absl::StatusOr<SecretString> CallerTokens::Mint(const CallerToken& token,
                                                absl::string_view id) const {
  json::Writer header;
  header.BeginObject().Key("alg").String("ES256").Key("kid").String(kid_);
  header.Key("typ").String(kCallerTokenType).EndObject();
  std::string compact =
      absl::StrCat(Base64UrlEncode(header.str()), ".", Base64UrlEncode(Claims(token, id)));
  absl::StrAppend(&compact, ".", Base64UrlEncode(key_.Sign(compact)));
  if (compact.size() > jose::kMaxTokenBytes) {
    return WithReason(
        absl::InvalidArgumentError("the token would be over 16 KiB: the credential names too many "
                                   "groups; let the provider send fewer"),
        jose::reason::kTooLarge);
  }
  return SecretString(std::move(compact));
}

bool CallerTokens::IsCallerToken(const jose::UnverifiedToken& token) {
  return token.unverified_issuer() == kCallerTokenIssuer;
}

absl::StatusOr<CallerToken> CallerTokens::Verify(const jose::UnverifiedToken& token,
                                                 absl::Time now) const {
  CS_ASSIGN_OR_RETURN(const jose::VerifiedToken verified,
                      jose::VerifyToken(token, MakeExpectations(), verification_keys_, now));
  const json::Value parties = verified.claims()[kParties];
  const json::Value actors = parties["actors"];
  if (!actors.is(json::Type::kArray) || actors.size() > kMaxActors) return Malformed();
  CallerToken out;
  CS_ASSIGN_OR_RETURN(out.subject, ReadParty(parties["subject"]));
  for (std::size_t i = 0; i < actors.size(); ++i) {
    CS_ASSIGN_OR_RETURN(Party actor, ReadParty(actors.at(i)));
    out.actors.push_back(std::move(actor));
  }
  out.issued_at = absl::FromUnixSeconds(verified.claims()["iat"].integer().value_or(0));
  out.expires_at = verified.expires_at;
  return out;
}

}  // namespace countersign::authn::exchange
