#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "libs/text/detectors/check_digits.h"
#include "libs/text/detectors/tables.h"

namespace countersign::text {
namespace {

constexpr char kJwtPattern[] = R"(eyJ[\w-]{8,1024}\.eyJ[\w-]{4,8192}\.[\w-]*)";
constexpr char kJwePattern[] =
    R"(eyJ[\w-]{16,512}\.[\w-]{0,700}\.[\w-]{16,24}\.[\w-]{1,2048}\.[\w-]{16,64})";

// From the header on and past the first of the body, then byte by byte, so a key without its end is
// masked too. Lines may end in a line feed, in `\n` as JSON writes it, or be indented or quoted.
#define CS_LINE_END \
  R"((?:[\r\n\t]|\\[rnt]|[\r\n ] {0,40}|["'] {0,4}[+,\\]? {0,4}[\r\n]{1,2}[\t ]{0,40}["'])"
constexpr char kPrivateKeyPattern[] =
    R"(----[- ]BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?[- ]----)" CS_LINE_END
    R"(){0,12}(?:[A-Za-z-]{1,30}: [ -\[\]-~]{0,160})" CS_LINE_END R"(){1,6})*)"
    R"([A-Za-z0-9+/=]{16}(?:[A-Za-z0-9+/=\r\n\t\\]|[\r\n] {1,40}| [A-Za-z0-9+/=]{32}|)"
    R"(["'] {0,4}[+,\\]? {0,4}[\r\n]{1,2}[\t ]{0,40}["'])*)"
    R"((?: {0,40}----[- ]END [A-Z0-9 ]{1,60}[- ]----)?)";
#undef CS_LINE_END

constexpr char kPuttyPattern[] =
    R"(PuTTY-User-Key-File-[1-9]: [a-z0-9@.-]{1,60}(?:(?:\r?\n|\\n)(?:[A-Z][A-Za-z0-9-]{2,30}: )"
    R"([ -\[\]-~]{0,160}|[A-Za-z0-9+/=]{1,130}))+)";

// `user:password`, in base64.
bool IsBasicCredential(absl::string_view match) {
  std::string decoded;
  if (!absl::Base64Unescape(match, &decoded)) return false;
  const std::size_t colon = decoded.find(':');
  return colon != std::string::npos && colon > 0 &&
         std::all_of(decoded.begin(), decoded.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte >= 0x20 && byte != 0x7F;
         });
}

bool IsMixedRandom(absl::string_view match) {
  const auto has = [&](auto kind) {
    return std::any_of(match.begin(), match.end(),
                       [&](char c) { return kind(static_cast<unsigned char>(c)); });
  };
  // Not LooksRandom: Amazon's own specimen has EXAMPLE in it.
  return has(absl::ascii_isupper) && has(absl::ascii_islower) && IsEvenlySpread(match);
}

bool HasDigit(absl::string_view match) {
  return std::any_of(match.begin(), match.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

bool IsCurlUser(absl::string_view match) {
  const absl::string_view password = match.substr(match.find(':') + 1);
  return !absl::StrContains(match, '$') && !absl::StrContains(match, '<') &&
         !absl::StrContains(match, '{') && password.find_first_not_of("*") != password.npos;
}

constexpr char kSecretWords[] =
    "secret secrets secretkey clientsecret appsecret secretaccesskey accesskey apikey apikeys "
    "apitoken api token tokens accesstoken authtoken refreshtoken idtoken bearertoken auth "
    "authorization credential credentials creds password passwords passwd passphrase pwd pass pin "
    "private encryption encryptionkey signing signingkey signature masterkey session sessionid "
    "sessiontoken phpsessid jsessionid sid csrf csrftoken xsrf oauth webhook clave contraseña "
    "passwort kennwort senha";

constexpr char kPasswordWords[] =
    "password passwords passwd passphrase pwd pass secret passwort kennwort contraseña senha";

}  // namespace

std::vector<Detector> CredentialDetectors() {
  const Check random{"random", LooksRandom};
  const ByteSet token = ByteSet::Word() | ByteSet::Of("+/.~-");
  return {
      {.entity = "jwt",
       .pattern = kJwtPattern,
       .right_forbidden = kAnyNeighbour,
       .priority = 10,
       .source = "RFC 7519, RFC 7515",
       .found = {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.{w43}", "eyJ{w33}.eyJ{w120}."},
       .missed = {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0", "eyJ{w20}"}},
      {.entity = "jwt",
       .pattern = kJwePattern,
       .right_forbidden = kAnyNeighbour,
       .priority = 10,
       .source = "RFC 7516",
       .found = {"eyJ{w60}.{w256}.{w16}.{w90}.{w22}", "eyJ{w40}..{w16}.{w90}.{w22}"},
       .missed = {"eyJ{w60}.{w256}"}},
      {.entity = "private_key",
       .pattern = kPrivateKeyPattern,
       .left_forbidden = kAnyNeighbour,
       .right_forbidden = kAnyNeighbour,
       .priority = 10,
       .source = "RFC 7468, RFC 1421, RFC 9580, openssh PROTOCOL.key",
       .found = {"-----BEGIN PRIVATE KEY-----\n{b64}\n{b40}==\n-----END PRIVATE KEY-----",
                 "-----BEGIN RSA PRIVATE KEY-----\n{b64}",
                 "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES,00\n\n"
                 "{b64}\n-----END EC PRIVATE KEY-----",
                 R"("key": "[[-----BEGIN PRIVATE KEY-----\n{b64}\n-----END PRIVATE KEY-----]]\n")",
                 "-----BEGIN OPENSSH PRIVATE KEY-----\n    {b70}\n    {b70}\n    "
                 "-----END OPENSSH PRIVATE KEY-----",
                 "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n{b64}\n=abcd\n"
                 "-----END PGP PRIVATE KEY BLOCK-----",
                 "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n{b70}\n"
                 "---- END SSH2 ENCRYPTED PRIVATE KEY ----",
                 "-----BEGIN PRIVATE KEY----- {b64} {b64} -----END PRIVATE KEY-----"},
       .missed = {"-----BEGIN PUBLIC KEY-----\n{b64}",
                  "if \"-----BEGIN PRIVATE KEY-----\" in x:", "-----BEGIN PRIVATE KEY-----\n..."}},
      {.entity = "private_key",
       .pattern = kPuttyPattern,
       .right_forbidden = kAnyNeighbour,
       .priority = 10,
       .source = "PuTTY user manual, appendix C",
       .found = {"[[PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: k\n"
                 "Public-Lines: 1\n{b64}\nPrivate-Lines: 1\n{b64}\nPrivate-MAC: {h64}]]"},
       .missed = {"PuTTY-User-Key-File-3: ssh-ed25519 is the header"}},
      {.entity = "secret.aws_secret_access_key",
       .pattern = "[A-Za-z0-9+/]{40}",
       .left_forbidden = token,
       .right_forbidden = token | ByteSet::Of("="),
       .check = {"mixed_random", IsMixedRandom},
       .priority = 20,
       .context = Near("aws amazon iam s3 secretaccesskey awssecretkey awssecretaccesskey"),
       .source = "AWS IAM user guide, access keys",
       .found = {"aws_secret_access_key = [[{b40}]]", "\"SecretAccessKey\": \"[[{b40}]]\"",
                 "aws: [[wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY]]"},
       .missed = {"{b40}", "aws commit {h40}", "aws {b41}"}},
      {.entity = "secret.basic_authorization",
       .pattern = "[A-Za-z0-9+/]{6,512}={0,2}",
       .left_forbidden = token,
       .right_forbidden = token | ByteSet::Of("="),
       .check = {"basic_credential", IsBasicCredential},
       .priority = 15,
       .context = Near("basic"),
       .context_always = true,
       .source = "RFC 7617",
       .found = {"Authorization: Basic [[QWxhZGRpbjpvcGVuIHNlc2FtZQ==]]"},
       .missed = {"QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic QWxhZGRpbg==", "basic authentication"}},
      {.entity = "secret.bearer_token",
       .pattern = R"([\w+/.~-]{16,512}={0,2})",
       .left_forbidden = token,
       .right_forbidden = token | ByteSet::Of("=("),
       .check = random,
       .priority = 5,
       .context = Near("bearer"),
       .context_always = true,
       .source = "RFC 6750",
       .found = {"Authorization: Bearer [[{a40}]]", "-H 'authorization: bearer [[{h64}]]'"},
       .missed = {"{a40}", "Bearer authenticationMiddlewareHandler",
                  "Bearer $TOKEN_1234567890123"}},
      {.entity = "secret.bearer_token",
       .pattern = R"([\w+/.~-]{16,512}={0,2})",
       .left_forbidden = token,
       .right_forbidden = token | ByteSet::Of("=("),
       .check = {"has_digit", HasDigit},
       .priority = 5,
       .context = {.words = {"authorization bearer"}},
       .context_always = true,
       .source = "RFC 6750; behind the header's name whatever it looks like",
       .found = {"Authorization: Bearer [[abcdef0123456789abcdef0123456789]]",
                 "'authorization': 'Bearer [[my-example-token-1]]'"},
       .missed = {"bearer abcdef0123456789abcdef0123456789",
                  "Authorization: Bearer authenticationMiddlewareHandler"}},
      {.entity = "secret.bearer_token",
       .pattern = R"([\w+/.~-]{512,})",
       .left_forbidden = token,
       .right_forbidden = kAnyNeighbour,
       .priority = 5,
       .context = Near("bearer"),
       .context_always = true,
       .source = "RFC 6750; at this length whatever it looks like",
       .found = {"Authorization: Bearer [[{a900}]]"},
       .missed = {"{a900}", "Bearer authentication"}},
      {.entity = "secret.curl_user",
       .pattern = R"((?:-u|--user)[ =]{1,4}["']?[!#-&(-,.-9;-~][!#-&(-9;-~]{0,63}:[!#-&(-~]{3,96})",
       .right_forbidden = kAnyNeighbour,
       .check = {"curl_user", IsCurlUser},
       .priority = 15,
       .context = Near("curl"),
       .context_always = true,
       .source = "curl manual, --user",
       .found = {"curl [[-u admin:{a12}]] https://x.example", "curl -s [[--user 'bob:{a9}]]' x"},
       .missed = {"docker run -u 1000:1000", "curl -u $USER:$PASS x"}},
      {.entity = "secret.generic",
       .pattern = R"([\w+/.~-]{16,256}={0,2})",
       .left_forbidden = token,
       .right_forbidden = token | ByteSet::Of("=(["),
       .check = random,
       .context = AssignedTo(kSecretWords),
       .context_always = true,
       .source = "an assignment to what is named a secret; entropy",
       .found = {"api_key = \"[[{a32}]]\"", "TOKEN=[[{h40}]]", "sessionid=[[{l32}]]; path=/",
                 "\"clientSecret\": \"[[{w40}]]\""},
       .missed = {"api_key = \"your-api-key-goes-here-123\"", "token=xxxxxxxxxxxxxxxxxxxxx1",
                  "token = process.env.MY_TOKEN_2", "secret: ${SECRET_FROM_VAULT_1}",
                  "token = get_token_from_request_v2(x)", "commit {h40}", "id: {U}",
                  "password: changeme12345678", "token = abcdefghijklmnop123456"}},
      {.entity = "secret.generic",
       .pattern = R"([\w+/.~!@#%^&*?-]{10,128})",
       .left_forbidden = token | ByteSet::Of("!@#%^&*?"),
       .right_forbidden = token | ByteSet::Of("!@#%^&*?=(["),
       .check = random,
       .context = AssignedTo(kPasswordWords),
       .context_always = true,
       .source = "the same, for passwords",
       .found = {"password: \"[[{a6}!{a6}#9x7]]\"", "DB_PASSWORD=[[q{a9}4t]]"},
       .missed = {"password: changeme123", "password = getpass.getpass2", "pass: v1.2.3-rc.4"}},
  };
}

}  // namespace countersign::text
