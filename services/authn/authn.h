#pragma once

#include "libs/base/clock.h"
#include "libs/base/health_check.h"
#include "libs/base/random.h"
#include "libs/base/thread_pool.h"
#include "libs/metrics/metrics.h"
#include "services/authn/access_keys/access_key.h"
#include "services/authn/access_keys/key_manager.h"
#include "services/authn/access_keys/key_store.h"
#include "services/authn/assertions/used_assertions.h"
#include "services/authn/authn_metrics.h"
#include "services/authn/credential_verifier.h"
#include "services/authn/directory/directory_holder.h"
#include "services/authn/examine_providers.h"
#include "services/authn/exchange/caller_token.h"
#include "services/authn/exchange/token_exchange.h"
#include "services/authn/internal_tokens/minted_tokens.h"
#include "services/authn/internal_tokens/token_minter.h"
#include "services/authn/local_authenticator.h"
#include "services/authn/oidc/jwks_caches.h"
#include "services/authn/oidc/url_fetcher.h"
#include "services/authn/revocation/revocation_feed.h"
#include "services/authn/secrets/master_secrets.h"
#include "services/authn/vault/local_credential_sealer.h"
#include "services/authn/vault/vault.h"

namespace countersign::authn {

// The objects of authn's core, in order of construction; used by the service and by the standalone
// gateway. The constructor's arguments must outlive it.
struct Authn {
  struct Dependencies {
    access_keys::KeyStore& keys;
    assertions::UsedAssertions& used_assertions;
    ThreadPool& pool;  // looks up access keys, verifies assertions
    oidc::UrlFetcher& fetcher;
    internal_tokens::TokenMinter& minter;
    const secrets::MasterSecrets& secrets;
    const Clock& clock;
    RandomSource& random;
    metrics::Registry& registry;
  };

  explicit Authn(const Dependencies& parts)
      : fetcher(parts.fetcher),
        clock(parts.clock),
        vault({parts.secrets.vault}, parts.random),
        hasher(parts.secrets.key_hash),
        directory(vault, revocations),
        jwks(parts.fetcher, parts.clock),
        metrics(parts.registry, jwks),
        tokens(parts.minter),
        caller_tokens(parts.secrets.caller_key),
        verifier({parts.keys, parts.used_assertions, parts.pool, directory, jwks, parts.fetcher,
                  hasher, caller_tokens, parts.clock}),
        authenticator({verifier, directory, tokens, vault, metrics, parts.clock}),
        token_exchange({verifier, parts.used_assertions, parts.pool, caller_tokens, parts.clock,
                        parts.random}),
        sealer(vault),
        key_manager(parts.keys, hasher, directory, revocations, parts.clock, parts.random) {}

  // Looks at the identity providers of the served resources (examine_providers.h). Blocks.
  HealthExaminer examiner() {
    return [this](absl::Duration timeout) -> std::vector<HealthCheck> {
      const auto served = directory.Current();
      if (served == nullptr) return {};
      return ExamineProviders(*served, jwks, fetcher, clock, timeout);
    };
  }

  oidc::UrlFetcher& fetcher;
  const Clock& clock;
  revocation::RevocationFeed revocations;
  const vault::Vault vault;
  const access_keys::KeyHasher hasher;
  directory::DirectoryHolder directory;  // attach it to the resource feed as part "authn"
  oidc::JwksCaches jwks;
  const AuthnMetrics metrics;
  internal_tokens::MintedTokens tokens;
  const exchange::CallerTokens caller_tokens;
  CredentialVerifier verifier;
  LocalAuthenticator authenticator;
  exchange::TokenExchange token_exchange;
  vault::LocalCredentialSealer sealer;
  access_keys::KeyManager key_manager;
};

}  // namespace countersign::authn
