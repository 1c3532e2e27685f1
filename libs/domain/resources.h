#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/secret.h"
#include "libs/domain/decision.h"
#include "libs/domain/principal.h"
#include "libs/protobuf_texts/schema.h"

// The resources as typed, validated values. Only config::BuildResourceSet makes a ResourceSet, from
// a ResourceList (resource_list.h): all its references are valid.
namespace countersign::domain {

// The form of an issuer's tokens. With the first three a token never proves that a person holds it;
// each of the others defines how tokens of its issuer prove that a person signed in
// (services/authn/directory/person_proof.h).
enum class OidcProfile {
  kAny,
  kJwt,          // `typ` is JWT
  kAccessToken,  // `typ` is at+jwt
  kSignedIn,     // any issuer that writes `auth_time` for people only
  kAuth0,
  kEntra,
  kGoogle,
  kKeycloak,
  kOkta,
};
absl::string_view ToString(OidcProfile profile);  // "JWT", "at+jwt", "auth-time", …; "" for kAny
OidcProfile OidcProfileFromString(absl::string_view text);  // kAny when unknown
bool KnowsPersons(OidcProfile profile);  // false: its tokens never prove that a person holds them

struct IdentityProvider {
  std::string name;
  struct Oidc {
    std::string issuer;
    std::vector<std::string> audiences;
    std::string jwks_uri;  // empty: from discovery
    std::vector<std::string> algorithms = {"RS256", "PS256", "ES256", "EdDSA"};
    std::string groups_claim = "groups";
    std::string subject_claim = "sub";
    std::string name_claim = "name";
    OidcProfile profile = OidcProfile::kAny;
    // How people sign in with the command line.
    struct Login {
      std::string client_id;  // of a public client at the issuer
      std::vector<std::string> scopes = {"openid"};
      bool use_id_token = false;  // calls carry the ID token; otherwise the access token
    };
    std::optional<Login> login;
  };
  struct Saml {
    std::string metadata;      // XML; empty: fetched from metadata_url
    std::string metadata_url;  // empty: metadata
    std::string issuer;        // the entityID that the metadata must have; empty: any
    std::string audience;
    std::vector<std::string> recipients;  // empty: any
    std::string groups_attribute = "groups";
    std::string subject_attribute;  // empty: the NameID
    std::string name_attribute;     // empty: none
    // Each assertion that says that its subject signed in is a person's.
    bool signs_in_people = false;
  };
  // Exactly one of them.
  std::optional<Oidc> oidc;
  std::optional<Saml> saml;
};

struct Identity {
  std::string name;
  IdentityKind kind = IdentityKind::kUnspecified;
  struct Match {
    std::string provider;
    std::string subject;  // empty: any
    std::map<std::string, std::string> claims;
  };
  std::optional<Match> match;  // absent: known by access key only
  std::vector<std::string> groups;
  std::string owner;
  std::uint64_t created_version = 0;  // of the resource (resource_list.h)
};

struct RoleBinding {
  std::string name;
  Role role = Role::kNone;
  std::vector<std::string> groups;
  std::vector<std::string> identities;
  std::vector<std::string> connections;  // empty: all
};

// The value itself is sealed by authn; nobody else can read it.
struct Credential {
  std::string name;
  std::string sealed;
};

enum class Protocol { kUnspecified, kOpenAi, kAnthropic, kKserveV2, kGrpc };

struct Connection {
  std::string name;
  Protocol protocol = Protocol::kUnspecified;
  std::string url;
  std::string credential;           // name, may be empty
  std::vector<std::string> models;  // globs; empty: any
  std::vector<std::string> hosts;
  std::string path_prefix;
  // A name of libs/text/tokens/tokenizer_names.h; empty: by the prompt's model.
  std::string tokenizer;
  bool is_default = false;
  bool network_private = false;  // the upstream may resolve to private addresses
  // The billed OpenAI organization and project, sent as headers; empty: the credential's default.
  std::string organization;
  std::string project;
  // The upstream is not asked to report the usage of its streams, because it refuses such requests.
  bool usage_as_is = false;
  // Globs of paths below the connection that are served although its dialect does not know them.
  std::vector<std::string> pass_through;
  // Of any gRPC service: its messages and methods; null: the upstream is asked by reflection.
  std::shared_ptr<const protobuf_texts::Schema> schema;
  // Which fields are texts (protobuf_texts::TextFields); empty: all.
  std::vector<std::string> request_texts;
  std::vector<std::string> response_texts;
  // Where both sides stream: silence of the upstream that ends the texts of its answer.
  absl::Duration texts_end_after = absl::InfiniteDuration();
  std::uint64_t version = 0;  // of the resource: part of the binding hash
};

enum class Normalize { kUnspecified, kNone, kCaseless, kUnicode };

struct Dictionary {
  std::string name;
  std::vector<std::string> terms;
  Normalize normalize = Normalize::kUnicode;
  // Variants of a term that policies also search for; with kUnicode only.
  bool leet = false;    // s3cr3t
  bool spaced = false;  // s e c r e t
};

struct MaskingRule {
  // Values of which only the hash is known.
  struct Hashed {
    std::string pattern;              // what could be one
    std::vector<std::string> values;  // SHA-256, or HMAC-SHA-256 with a key: lower-case hex
    SecretString key;                 // empty: plain SHA-256
  };

  // Exactly one of entity, pattern, dictionary, shape, hashed is set.
  std::string entity;
  std::string pattern;
  std::string dictionary;
  std::string shape;  // the manifest's `template`
  std::optional<Hashed> hashed;
  std::string label;  // upper case; empty: derived from the entity

  std::string validator;                   // a name of masking's list; empty: none
  std::vector<std::string> context_words;  // lower case; empty: no condition
  bool context_assigned = false;
  std::vector<std::string> except;  // values that are never masked, compared without case
  std::size_t min_count = 1;
  std::optional<int> priority;

  enum class Action { kRedact, kReplace, kKeepLast, kHash, kPlaceholder };
  Action action = Action::kReplace;
  std::size_t keep = 4;

  // Who gets a placeholder's original back in the answer: any caller, nobody, or callers with one
  // of these groups or identities.
  enum class Restore { kCaller, kNobody, kNamed };
  Restore restore = Restore::kCaller;
  std::vector<std::string> restore_groups;
  std::vector<std::string> restore_identities;
};

struct MaskingProfile {
  std::string name;
  std::vector<MaskingRule> response;
  std::vector<MaskingRule> prompt;
  UnknownEvents unknown_events = UnknownEvents::kMask;
  // Secrets that are written as in documentation (`ghp_xxxx…`) are masked, too.
  bool mask_placeholders = false;
};

struct KeywordsCondition {
  std::string dictionary;
  std::vector<std::string> parts;  // roles; empty: all
};
struct PatternCondition {
  std::string regex;
  std::vector<std::string> parts;
  Normalize normalize = Normalize::kNone;
};
struct TokensCondition {
  std::size_t over = 0;
};
struct ParameterCondition {
  std::string name;
  double over = 0;
};
struct Condition {
  enum class Kind { kAny, kAll, kNot, kLeaf };
  Kind kind = Kind::kLeaf;
  std::vector<Condition> children;
  std::variant<std::monostate, KeywordsCondition, PatternCondition, TokensCondition,
               ParameterCondition>
      leaf;
  std::string path;  // e.g. spec.when.any[0].keywords, for messages
};

struct Policy {
  std::string name;
  int priority = 0;
  struct Match {
    // Each empty: everything.
    std::vector<std::string> connections;
    std::vector<std::string> groups;
    std::vector<std::string> identities;
    std::vector<std::string> models;  // globs
    std::vector<std::string> operations;
    // Globs of models that the policy leaves out, also of `models`. Empty: none.
    std::vector<std::string> except_models;
  };
  Match match;
  std::optional<Condition> when;  // absent: always
  Verdict verdict = Verdict::kDeny;
  std::string deny_message;
  ReviewTerms review;
  std::string masking = "tier1";
  Recording recording = Recording::kStrict;
};

// One version of all resources, immutable.
struct ResourceSet {
  std::uint64_t version = 0;
  std::map<std::string, IdentityProvider> identity_providers;
  std::map<std::string, Identity> identities;
  std::map<std::string, RoleBinding> role_bindings;
  std::map<std::string, Credential> credentials;
  std::map<std::string, Connection> connections;
  std::map<std::string, Dictionary> dictionaries;
  std::map<std::string, MaskingProfile> masking_profiles;
  std::map<std::string, Policy> policies;
};

// Whether the connection serves the model: it has no globs, or one matches.
bool ServesModel(const Connection& connection, absl::string_view model);

// Adds the roles that the bindings of `resources` give to the principal's identity and groups.
void AddRoles(const ResourceSet& resources, Principal& principal);

}  // namespace countersign::domain
