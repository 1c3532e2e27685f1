#pragma once

#include "libs/base/clock.h"
#include "libs/base/random.h"
#include "libs/base/thread_pool.h"
#include "libs/metrics/metrics.h"
#include "services/authn/access_key.h"
#include "services/authn/authn_metrics.h"
#include "services/authn/directory_holder.h"
#include "services/authn/jwks_caches.h"
#include "services/authn/key_manager.h"
#include "services/authn/key_store.h"
#include "services/authn/local_authenticator.h"
#include "services/authn/local_credential_sealer.h"
#include "services/authn/master_secrets.h"
#include "services/authn/minted_tokens.h"
#include "services/authn/revocation_feed.h"
#include "services/authn/token_minter.h"
#include "services/authn/url_fetcher.h"
#include "services/authn/vault.h"

namespace countersign::authn {

// The object graph of authn's core, leaves first: the same one in the service and in the standalone
// gateway. Everything it is given must outlive it.
struct Authn {
  struct Needs {
    KeyStore& keys;
    ThreadPool& pool;  // runs look-ups of keys
    UrlFetcher& fetcher;
    TokenMinter& minter;
    const MasterSecrets& secrets;
    const Clock& clock;
    RandomSource& random;
    metrics::Registry& registry;
  };

  explicit Authn(const Needs& needs)
      : vault({needs.secrets.vault}, needs.random),
        hasher(needs.secrets.key_hash),
        directory(vault, revocations),
        jwks(needs.fetcher, needs.clock),
        metrics(needs.registry, jwks),
        tokens(needs.minter),
        authenticator(
            {needs.keys, needs.pool, directory, jwks, tokens, hasher, vault, metrics, needs.clock}),
        sealer(vault),
        key_manager(needs.keys, hasher, directory, revocations, needs.clock, needs.random) {}

  RevocationFeed revocations;
  const Vault vault;
  const KeyHasher hasher;
  DirectoryHolder directory;  // attach it to the resource feed as part "authn"
  JwksCaches jwks;
  const AuthnMetrics metrics;
  MintedTokens tokens;
  LocalAuthenticator authenticator;
  LocalCredentialSealer sealer;
  KeyManager key_manager;
};

}  // namespace countersign::authn
