#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "libs/text/detectors/check_digits.h"
#include "libs/text/detectors/tables.h"

namespace countersign::text::detectors {
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

// At least two of a digit, a mark and letters of both cases, and letters: no word, and no number.
bool IsPasswordLike(absl::string_view match) {
  bool digit = false, upper = false, lower = false, mark = false;
  for (const char c : match) {
    const auto byte = static_cast<unsigned char>(c);
    digit = digit || absl::ascii_isdigit(byte);
    upper = upper || absl::ascii_isupper(byte);
    lower = lower || absl::ascii_islower(byte);
    mark = mark || (absl::ascii_ispunct(byte) && c != '_' && c != '-');
  }
  constexpr std::array<absl::string_view, 9> kStandIns = {"changeme",    "example", "your",
                                                          "placeholder", "dummy",   "xxxx",
                                                          "getpass",     "getenv",  "environ"};
  const std::string lowered = absl::AsciiStrToLower(match);
  return (upper || lower) && digit && (mark || (upper && lower)) &&
         std::none_of(kStandIns.begin(), kStandIns.end(),
                      [&](absl::string_view word) { return absl::StrContains(lowered, word); });
}

bool HasDigit(absl::string_view match) {
  return std::any_of(match.begin(), match.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

// What follows an option such as `-p` on a command line.
bool IsPasswordArgument(absl::string_view match) {
  const std::size_t dash = match.find_first_not_of("-");
  std::size_t at = match.find_first_of(" =", dash);
  absl::string_view value = at == match.npos ? match.substr(dash + 1) : match.substr(at + 1);
  value = value.substr(std::min(value.find_first_not_of(" ='\""), value.size()));
  return value.size() >= 4 && value.find_first_of("$<{`%*/") != 0 &&
         std::any_of(value.begin(), value.end(),
                     [](char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }) &&
         HasDigit(value);
}

bool IsCurlUser(absl::string_view match) {
  const absl::string_view password = match.substr(match.find(':') + 1);
  const std::size_t user = match.find_first_not_of("=\"' ", match.find_first_of("= uU") + 1);
  return password[0] != '$' && (user == match.npos || match[user] != '$') &&
         !absl::StrContains(match, '<') && !absl::StrContains(match, '{') &&
         password.find_first_not_of("*") != password.npos;
}

constexpr char kSecretWords[] =
    "secret secrets secretkey clientsecret appsecret secretaccesskey accesskey apikey apikeys "
    "apitoken token tokens accesstoken authtoken refreshtoken idtoken bearertoken auth "
    "authorization credential credentials creds password passwords passwd passphrase pwd pass pin "
    "encryptionkey signingkey masterkey session sessionid "
    "sessiontoken phpsessid jsessionid sid csrf csrftoken xsrf oauth webhook clave contraseña "
    "passwort kennwort senha api_key access_key secret_key master_key account_key shared_key "
    "auth_key "
    "app_key signing_key encryption_key private_key service_key ssh_key license_key db_pass "
    "pgpassword "
    "mysqlpwd dbpass dbpassword userpassword adminpassword rootpassword";

// What stands here may be no more than a word with a digit.
constexpr char kChosenPasswordWords[] =
    "password passwd passphrase pwd pgpassword dbpassword passwort kennwort contraseña senha";

// Names that say at once what follows, without = or :.
constexpr char kPlainSecretNames[] =
    "api_key apikey api_token apitoken api_secret apisecret secret_key secretkey access_key "
    "accesskey "
    "access_token accesstoken auth_token authtoken bearer_token refresh_token client_secret "
    "clientsecret app_secret consumer_secret webhook_secret signing_key encryption_key private_key "
    "master_key service_token deploy_token session_token session_secret jwt_secret credential "
    "password passwd passphrase pwd secret token authorization_token";

constexpr char kPasswordWords[] =
    "password passwords passwd passphrase pwd pass secret passwort kennwort contraseña senha "
    "pgpassword mysqlpwd dbpassword userpassword adminpassword rootpassword";

}  // namespace

std::vector<Detector> CredentialDetectors() {
  const Check random{"random", LooksRandom};
  const regex::ByteSet token = regex::ByteSet::Word() | regex::ByteSet::Of("+/.~-");
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
      {.entity = "jwt",
       .pattern = R"(ZXlK[\w+/-]{40,}={0,2})",
       .right_forbidden = kAnyNeighbour,
       .priority = 10,
       .source = "RFC 7519, in base64 once more",
       .found = {"ZXlK{a120}==", "token: [[ZXlK{a60}]]"},
       .missed = {"ZXlK{a30}", "xZXlK{a60}"}},
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
       .right_forbidden = token | regex::ByteSet::Of("="),
       .check = {"mixed_random", IsMixedRandom},
       .priority = 20,
       .context = Near("aws amazon iam s3 s3a secretaccesskey awssecretkey awssecretaccesskey"),
       .source = "AWS IAM user guide, access keys",
       .found = {"aws_secret_access_key = [[{b40}]]", "\"SecretAccessKey\": \"[[{b40}]]\"",
                 "aws: [[wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY]]"},
       .missed = {"{b40}", "aws commit {h40}", "aws {b41}"}},
      {.entity = "secret.aws_secret_access_key",
       .pattern = R"((?:AKIA|ASIA)[A-Z2-7]{16}["']?[:;,| \t]{1,3}["']?[A-Za-z0-9+/]{40})",
       .right_forbidden = token | regex::ByteSet::Of("="),
       .check = {"mixed_random", IsMixedRandom},
       .priority = 20,
       .source = "the same, behind its key's id",
       .found = {"[[AKIAQ7DEXMPLQ2MPLE3Q:{b40}]]", "[[AKIAQ7DEXMPLQ2MPLE3Q\",\"{b40}]]\""},
       .missed = {"AKIAQ7DEXMPLQ2 {b40}"}},
      {.entity = "secret.basic_authorization",
       .pattern = "[A-Za-z0-9+/]{6,512}={0,2}",
       .left_forbidden = token,
       .right_forbidden = token | regex::ByteSet::Of("="),
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
       .right_forbidden = token | regex::ByteSet::Of("=("),
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
       .right_forbidden = token | regex::ByteSet::Of("=("),
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
       .pattern =
           R"((?:-u[ =]{0,4}|--user[ =]{1,4})["']?[!#-&(-,.-9;-~][!#-&(-9;-~]{0,63}:["']?[!#-&(-~]{3,96})",
       .right_forbidden = kAnyNeighbour,
       .check = {"curl_user", IsCurlUser},
       .priority = 15,
       .context = Near("curl"),
       .context_always = true,
       .source = "curl manual, --user",
       .found = {"curl [[-u admin:{a12}]] https://x.example",
                 "curl [[-uadmin:{a12}]] https://x.example", "curl -s [[--user 'bob:{a9}]]' x",
                 "curl [[-u elastic:P@ssw0rd$1]] https://x"},
       .missed = {"docker run -u 1000:1000", "curl -u $USER:$PASS x"}},
      {.entity = "secret.password_argument",
       .pattern = R"(-(?:[pawkPW] ?|-?pass(?:word|phrase|wd)?[ =])["']?[!#-&(-~]{4,96})",
       .left_forbidden = regex::ByteSet::Word() | regex::ByteSet::Of("-\\/."),
       .right_forbidden = kAnyNeighbour,
       .check = {"password_argument", IsPasswordArgument},
       .priority = 4,
       .context = Near("sshpass mysql mysqldump mysqladmin docker_login podman_login helm_login "
                       "redis_cli ldapsearch ldapmodify ldapadd openssl_enc gpg mongosh mongodump"),
       .context_always = true,
       .source = "manuals of the commands: a password on the command line",
       .found = {"sshpass [[-p hunter22]] ssh u@h", "mysql -u root [[-ps3cret]] db",
                 "docker login -u bob [[-p {a16}]] r.example", "redis-cli -h x [[-a s3cret]]",
                 "gpg [[--passphrase s3cret]] -d x"},
       .missed = {"docker run -p 8080:80 x", "sshpass -p $PASS ssh u@h", "mysql -P 3306",
                  "mkdir -p a1b2c3", "mysql --protocol=tcp"}},
      {.entity = "secret.generic",
       .pattern = R"([\w+/.~-]{16,256}={0,2})",
       .left_forbidden = token,
       .right_forbidden = token | regex::ByteSet::Of("=(["),
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
       .pattern = R"([\w+/.~-]{16,256}={0,2})",
       .left_forbidden = token | regex::ByteSet::Of("<"),
       .right_forbidden = token | regex::ByteSet::Of("=(["),
       .check = random,
       .context = Beside(kPlainSecretNames),
       .context_always = true,
       .source = "what stands right behind the name of a secret; entropy",
       .found = {"my api key is [[{a32}]]", "<client_secret>[[{a24}]]</client_secret>",
                 "--access-token [[{w40}]]", "define(\"API_SECRET\", \"[[{a24}]]\")",
                 "- name: DB_PASSWORD\n  value: [[{a20}]]", "Authorization: Token [[{h40}]]",
                 "setx openAiApiKey [[{a32}]]"},
       .missed = {"the token of commit {h40}", "api key rotation of {U}", "secret. {a32}",
                  "token <EMAIL_a1b2c3d4e5f6a7>", "<password>changeme1234567890</password>"}},
      {.entity = "secret.generic",
       .pattern = R"([\w+/.~!@#%^&*?-]{10,128})",
       .left_forbidden = token | regex::ByteSet::Of("!@#%^&*?"),
       .right_forbidden = token | regex::ByteSet::Of("!@#%^&*?=(["),
       .check = random,
       .context = AssignedTo(kPasswordWords),
       .context_always = true,
       .source = "the same, for passwords",
       .found = {"password: \"[[{a6}!{a6}#9x7]]\"", "DB_PASSWORD=[[q{a9}4t]]"},
       .missed = {"password: changeme123", "password = getpass.getpass2", "pass: v1.2.3-rc.4"}},
      {.entity = "secret.generic",
       .pattern = R"([\w!@#%^&*?+-]{8,64})",
       .left_forbidden = token | regex::ByteSet::Of("!@#%^&*?$"),
       .right_forbidden = token | regex::ByteSet::Of("!@#%^&*?=([$"),
       .check = {"password_like", IsPasswordLike},
       .context = AssignedTo(kChosenPasswordWords),
       .context_always = true,
       .source = "a password that somebody chose: a digit and a mark or letters of both cases",
       .found = {"password: [[Summer2024!]]", "DB_PASSWORD=[[P@ssw0rd42]]"},
       .missed = {"password: hunter2", "password = getpass2", "password=self.Password1",
                  "password: ${DB_PASSWORD_1}", "password = Password1()", "pass: v1.2.3-rc.4"}},
      {.entity = "secret.generic",
       .pattern = R"([\w!@#%^&*?+-]{8,64})",
       .left_forbidden = token | regex::ByteSet::Of("!@#%^&*?$<"),
       .right_forbidden = token | regex::ByteSet::Of("!@#%^&*?=([$"),
       .check = {"password_like", IsPasswordLike},
       .context = Beside("password_is passwd_is passphrase_is pwd_is passwort_ist"),
       .context_always = true,
       .source = "the same, in a sentence",
       .found = {"my password is [[Summer2024!]]", "the new password is: [[P@ssw0rd42]]"},
       .missed = {"the password is stored", "password is Sha256Hash()"}},
  };
}

}  // namespace countersign::text::detectors
