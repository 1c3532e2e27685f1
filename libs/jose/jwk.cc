#include "libs/jose/jwk.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"

namespace countersign::jose {
namespace {

constexpr std::size_t kMaxDepth = 8;

absl::Status Unusable(absl::string_view why) { return absl::InvalidArgumentError(why); }

absl::StatusOr<std::string> Bytes(json::Value jwk, absl::string_view member) {
  const json::Value value = jwk[member];
  if (!value.is(json::Type::kString)) return Unusable(absl::StrCat("`", member, "` is missing"));
  auto bytes = Base64UrlDecode(value.text());
  if (!bytes.ok()) return Unusable(absl::StrCat("`", member, "` is not base64url"));
  return bytes;
}

absl::StatusOr<crypto::PublicKey> ReadPublicKey(json::Value jwk) {
  const absl::string_view kty = jwk["kty"].text();
  const absl::string_view crv = jwk["crv"].text();
  if (kty == "RSA") {
    CS_ASSIGN_OR_RETURN(const std::string n, Bytes(jwk, "n"));
    CS_ASSIGN_OR_RETURN(const std::string e, Bytes(jwk, "e"));
    return crypto::PublicKey::Rsa(n, e);
  }
  if (kty == "EC" && (crv == "P-256" || crv == "P-384")) {
    CS_ASSIGN_OR_RETURN(const std::string x, Bytes(jwk, "x"));
    CS_ASSIGN_OR_RETURN(const std::string y, Bytes(jwk, "y"));
    return crypto::PublicKey::Ec(crv == "P-256" ? crypto::KeyType::kP256 : crypto::KeyType::kP384,
                                 x, y);
  }
  if (kty == "OKP" && crv == "Ed25519") {
    CS_ASSIGN_OR_RETURN(const std::string x, Bytes(jwk, "x"));
    return crypto::PublicKey::Ed25519(x);
  }
  return Unusable("its type or curve is not supported");
}

// Checks `use` and `key_ops` (RFC 7517 §4.2 and §4.3).
absl::Status CheckUse(json::Value jwk) {
  const json::Value use = jwk["use"];
  if (use.exists() && use.text() != "sig") return Unusable("`use` is not sig");
  const json::Value operations = jwk["key_ops"];
  if (!operations.exists()) return absl::OkStatus();
  if (!operations.is(json::Type::kArray)) return Unusable("`key_ops` is not an array");
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (operations.at(i).text() == "verify") return absl::OkStatus();
  }
  return Unusable("`key_ops` lacks verify");
}

absl::StatusOr<Jwk> ParseJwk(json::Value jwk) {
  if (!jwk.is(json::Type::kObject)) return Unusable("it is not an object");
  for (const char* member : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
    if (jwk[member].exists()) return Unusable("it carries a private or symmetric member");
  }
  CS_RETURN_IF_ERROR(CheckUse(jwk));
  const json::Value kid = jwk["kid"];
  if (kid.exists() && (!kid.is(json::Type::kString) || kid.text().size() > kMaxKeyIdBytes)) {
    return Unusable("`kid` is not a short string");
  }
  CS_ASSIGN_OR_RETURN(crypto::PublicKey key, ReadPublicKey(jwk));
  auto algorithm = crypto::SignatureAlgorithm::kUnknown;
  if (jwk["alg"].exists()) {
    algorithm = crypto::SignatureAlgorithmFromString(jwk["alg"].text());
    if (!crypto::Fits(algorithm, key.type())) return Unusable("`alg` does not fit the key");
  }
  return Jwk{std::string(kid.text()), algorithm, std::move(key)};
}

}  // namespace

bool JwkSet::HasKey(absl::string_view kid) const {
  return std::any_of(keys.begin(), keys.end(), [&](const Jwk& jwk) { return jwk.kid == kid; });
}

absl::StatusOr<JwkSet> ParseJwkSet(absl::string_view body) {
  json::Limits limits;
  limits.max_bytes = kMaxJwkSetBytes;
  limits.max_depth = kMaxDepth;
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body, limits));
  const json::Value keys = document.root()["keys"];
  if (!keys.is(json::Type::kArray)) {
    return absl::InvalidArgumentError("a JWK set is an object with an array `keys`");
  }
  if (keys.size() > kMaxJwkSetKeys) {
    return absl::InvalidArgumentError(
        absl::StrCat("the JWK set has ", keys.size(), " keys, over ", kMaxJwkSetKeys));
  }
  JwkSet set;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto jwk = ParseJwk(keys.at(i));
    if (!jwk.ok()) {
      set.skipped.push_back(absl::StrCat("key ", i, ": ", jwk.status().message()));
    } else if (std::find(set.keys.begin(), set.keys.end(), *jwk) == set.keys.end()) {
      set.keys.push_back(*std::move(jwk));
    }
  }
  return set;
}

std::string Es256JwkJson(absl::string_view kid, absl::string_view x, absl::string_view y) {
  json::Writer writer;
  writer.BeginObject().Key("kty").String("EC").Key("crv").String("P-256");
  writer.Key("kid").String(kid).Key("use").String("sig").Key("alg").String("ES256");
  writer.Key("x").String(Base64UrlEncode(x)).Key("y").String(Base64UrlEncode(y)).EndObject();
  return writer.str();
}

std::string JwkSetJson(const std::vector<std::string>& jwks) {
  return absl::StrCat("{\"keys\":[", absl::StrJoin(jwks, ","), "]}");
}

std::string Es256Thumbprint(absl::string_view x, absl::string_view y) {
  return Base64UrlEncode(
      crypto::Sha256(absl::StrCat(R"({"crv":"P-256","kty":"EC","x":")", Base64UrlEncode(x),
                                  R"(","y":")", Base64UrlEncode(y), R"("})")));
}

}  // namespace countersign::jose
