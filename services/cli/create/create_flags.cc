#include "services/cli/create/create_flags.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "libs/config/reference/resource_reference.h"
#include "libs/json/writer.h"
#include "services/cli/user_files.h"

namespace countersign::cli::create {

const std::vector<Flag>& Flags() {
  static const auto& flags = *new std::vector<Flag>{
      {"IdentityProvider", "--issuer", "spec.oidc.issuer", ""},
      {"IdentityProvider", "--audience", "spec.oidc.audiences", "", Form::kField, true},
      {"IdentityProvider", "--groups-claim", "spec.oidc.groupsClaim", ""},
      {"IdentityProvider", "--subject-claim", "spec.oidc.subjectClaim", ""},
      {"IdentityProvider", "--profile", "spec.oidc.profile", ""},
      {"IdentityProvider", "--saml-metadata-url", "spec.saml.metadataUrl", ""},
      {"IdentityProvider", "--saml-audience", "spec.saml.audience", ""},
      {"Identity", "--kind", "spec.kind", "human, service, ci or agent"},
      {"Identity", "--group", "spec.groups", "", Form::kField, true},
      {"Identity", "--owner", "spec.owner", ""},
      {"Identity", "--provider", "spec.match.provider", ""},
      {"Identity", "--subject", "spec.match.subject", ""},
      {"RoleBinding", "--role", "spec.role", "admin, reviewer, auditor, caller or proxy"},
      {"RoleBinding", "--group", "spec.groups", "", Form::kField, true},
      {"RoleBinding", "--identity", "spec.identities", "", Form::kField, true},
      {"RoleBinding", "--connection", "spec.connections", "", Form::kField, true},
      {"Credential", "--bearer-env", "spec.bearer", "The environment variable with the token",
       Form::kEnv},
      {"Credential", "--bearer-file", "spec.bearer", "The file with the token", Form::kFile},
      {"Credential", "--header", "spec.header.name", "The name of a header that has the key"},
      {"Credential", "--header-env", "spec.header.value", "The environment variable with its value",
       Form::kEnv},
      {"Credential", "--header-file", "spec.header.value", "The file with its value", Form::kFile},
      {"Credential", "--username", "spec.basic.username", ""},
      {"Credential", "--password-env", "spec.basic.password",
       "The environment variable with the password", Form::kEnv},
      {"Credential", "--cert-file", "spec.mtls.cert", "", Form::kFile},
      {"Credential", "--key-file", "spec.mtls.key", "", Form::kFile},
      {"Connection", "--protocol", "spec.protocol", "openai, anthropic, kserve-v2 or grpc"},
      {"Connection", "--url", "spec.url", ""},
      {"Connection", "--credential", "spec.credential", ""},
      {"Connection", "--model", "spec.models", "", Form::kField, true},
      {"Connection", "--host", "spec.match.hosts", "", Form::kField, true},
      {"Connection", "--tokenizer", "spec.tokenizer", ""},
      {"Connection", "--default", "spec.default", "", Form::kSwitch},
      {"Connection", "--private", "spec.network.private", "", Form::kSwitch},
      {"Dictionary", "--term", "spec.terms", "", Form::kField, true},
      {"Dictionary", "--from-file", "spec.terms", "A file with a term on each line", Form::kLines,
       true},
      {"Dictionary", "--normalize", "spec.normalize", ""},
      {"MaskingProfile", "--entity", "spec.response",
       "An entity or set that answers do not show: tier1, credit_card, secret.*", Form::kEntity,
       true},
      {"MaskingProfile", "--prompt-entity", "spec.prompt",
       "An entity or set that is not sent upstream", Form::kEntity, true},
      {"Policy", "--priority", "spec.priority", ""},
      {"Policy", "--connection", "spec.match.connections", "", Form::kField, true},
      {"Policy", "--group", "spec.match.groups", "", Form::kField, true},
      {"Policy", "--identity", "spec.match.identities", "", Form::kField, true},
      {"Policy", "--model", "spec.match.models", "", Form::kField, true},
      {"Policy", "--operation", "spec.match.operations", "", Form::kField, true},
      {"Policy", "--dictionary", "spec.when.keywords.dictionary",
       "When a term of this Dictionary stands in the prompt"},
      {"Policy", "--pattern", "spec.when.pattern.regex", "When this regular expression matches"},
      {"Policy", "--over-tokens", "spec.when.tokens.over", "When the prompt has more tokens"},
      {"Policy", "--reviewer", "spec.then.review.reviewers",
       "It is held until one of these groups or identities approves it", Form::kField, true},
      {"Policy", "--approvals", "spec.then.review.approvals", ""},
      {"Policy", "--deny", "spec.then.deny.message", "It is refused, and the caller told this"},
      {"Policy", "--allow", "spec.then.allow", "It is sent", Form::kSwitch},
      {"Policy", "--masking", "spec.then.masking", ""}};
  return flags;
}

std::string DescribeFlag(const Flag& flag) {
  if (!flag.about.empty()) return std::string(flag.about);
  const auto* const kind = config::reference::FindKind(flag.kind);
  const auto* const field = config::reference::FindField(*kind, flag.path);
  return field == nullptr ? "" : field->about;
}

absl::Status ApplyFlag(const Flag& flag, const std::string& value, ResourceBuilder& builder) {
  switch (flag.form) {
    case Form::kField: return Annotate(builder.Set(flag.path, value), flag.option);
    case Form::kSwitch:
      builder.SetJson(flag.path, *builder.FindType(flag.path) == "empty mapping" ? "{}" : "true");
      return absl::OkStatus();
    case Form::kEnv: return builder.Set(flag.path, absl::StrCat("env:", value));
    case Form::kFile: return builder.Set(flag.path, absl::StrCat("file:", value));
    case Form::kLines: {
      CS_ASSIGN_OR_RETURN(const std::string text, ReadFile(value));
      for (const absl::string_view line : absl::StrSplit(text, '\n')) {
        const absl::string_view term = absl::StripAsciiWhitespace(line);
        if (!term.empty()) builder.Append(flag.path, json::Quote(term));
      }
      return absl::OkStatus();
    }
    case Form::kEntity:
      for (const absl::string_view entity : absl::StrSplit(value, ',')) {
        builder.Append(
            flag.path,
            absl::StrCat("{\"entity\":", json::Quote(absl::StripAsciiWhitespace(entity)), "}"));
      }
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

}  // namespace countersign::cli::create
