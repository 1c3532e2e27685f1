#include "services/policy/resources/resource_store_pg.h"

#include <pqxx/pqxx>
#include <utility>

#include "libs/base/status.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"
#include "services/policy/policy_errors.h"

namespace countersign::policy::resources {
namespace {

constexpr char kNewestVersion[] = "SELECT coalesce(max(version), 0) FROM resource_version";

std::string LabelsToJson(const std::map<std::string, std::string>& labels) {
  json::Writer writer;
  writer.BeginObject();
  for (const auto& [key, value] : labels) writer.Key(key).String(value);
  writer.EndObject();
  return writer.str();
}

absl::StatusOr<std::map<std::string, std::string>> LabelsFromJson(const std::string& text) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(text));
  std::map<std::string, std::string> labels;
  const json::Value root = document.root();
  for (std::size_t i = 0; i < root.size(); ++i) {
    labels.emplace(root.key(i), root.at(i).text());
  }
  return labels;
}

absl::Time FromMicros(const pqxx::field& field) {
  return absl::FromUnixMicros(field.as<std::int64_t>());
}

absl::StatusOr<domain::ResourceList> ReadSet(pqxx::work& transaction, std::uint64_t version) {
  // Ordered by bytes, whatever the database's collation.
  const pqxx::result rows = transaction.exec_params(
      "SELECT kind, name, since, spec, labels::text,"
      "       (extract(epoch FROM updated_at) * 1000000)::bigint, created"
      "  FROM resource WHERE since <= $1 AND (until IS NULL OR until > $1)"
      " ORDER BY kind COLLATE \"C\", name COLLATE \"C\"",
      version);
  domain::ResourceList set;
  set.version = version;
  set.resources.reserve(rows.size());
  for (const pqxx::row& row : rows) {
    domain::Resource resource;
    resource.kind = row[0].as<std::string>();
    resource.name = row[1].as<std::string>();
    resource.version = row[2].as<std::uint64_t>();
    resource.spec = row[3].as<std::string>();
    CS_ASSIGN_OR_RETURN(resource.labels, LabelsFromJson(row[4].as<std::string>()));
    resource.updated_at = FromMicros(row[5]);
    resource.created_version = row[6].as<std::uint64_t>();
    set.resources.push_back(std::move(resource));
  }
  return set;
}

void WriteChange(pqxx::work& transaction, std::uint64_t version, const ResourceChange& change) {
  if (!change.replaced_spec.empty()) {
    transaction.exec_params(
        "UPDATE resource SET spec = $3 WHERE kind = $1 AND name = $2 AND until IS NULL",
        change.kind, change.name, change.replaced_spec);
  }
  transaction.exec_params(
      "UPDATE resource SET until = $3 WHERE kind = $1 AND name = $2 AND until IS NULL", change.kind,
      change.name, version);
  if (change.spec.empty()) return;
  transaction.exec_params(
      "INSERT INTO resource (kind, name, since, spec, labels, created)"
      " VALUES ($1, $2, $3::bigint, $4, $5::jsonb,"
      "  coalesce((SELECT created FROM resource WHERE kind = $1 AND name = $2 AND until = "
      "$3::bigint),"
      "           $3::bigint))",
      change.kind, change.name, version, change.spec, LabelsToJson(change.labels));
}

}  // namespace

absl::StatusOr<std::uint64_t> PgResourceStore::Version() {
  std::uint64_t version = 0;
  CS_RETURN_IF_ERROR(database_.Transact("resource version", [&](pqxx::work& transaction) {
    version = transaction.exec1(kNewestVersion)[0].as<std::uint64_t>();
    return absl::OkStatus();
  }));
  return version;
}

absl::StatusOr<domain::ResourceList> PgResourceStore::Load() {
  domain::ResourceList set;
  CS_RETURN_IF_ERROR(
      database_.Transact("resource load", [&](pqxx::work& transaction) -> absl::Status {
        // A commit between the two statements is harmless: it closes rows with a later version.
        const auto version = transaction.exec1(kNewestVersion)[0].as<std::uint64_t>();
        CS_ASSIGN_OR_RETURN(set, ReadSet(transaction, version));
        return absl::OkStatus();
      }));
  return set;
}

absl::StatusOr<domain::ResourceList> PgResourceStore::LoadVersion(std::uint64_t version) {
  domain::ResourceList set;
  CS_RETURN_IF_ERROR(
      database_.Transact("resource load", [&](pqxx::work& transaction) -> absl::Status {
        if (version > transaction.exec1(kNewestVersion)[0].as<std::uint64_t>()) {
          return NoSuchVersion(version);
        }
        CS_ASSIGN_OR_RETURN(set, ReadSet(transaction, version));
        return absl::OkStatus();
      }));
  return set;
}

absl::StatusOr<Committed> PgResourceStore::Commit(std::uint64_t expected,
                                                  const std::vector<ResourceChange>& changes,
                                                  const std::string& author) {
  Committed committed;
  const absl::Status status =
      database_.Transact("resource commit", [&](pqxx::work& transaction) -> absl::Status {
        const pqxx::result version = transaction.exec_params(
            "INSERT INTO resource_version (version, author)"
            " SELECT $1::bigint + 1, $2"
            "  WHERE (SELECT coalesce(max(version), 0) FROM resource_version) = $1::bigint"
            " RETURNING version, (extract(epoch FROM created_at) * 1000000)::bigint",
            expected, author);
        if (version.empty()) return VersionConflict(expected);
        committed.version = version[0][0].as<std::uint64_t>();
        committed.at = FromMicros(version[0][1]);
        for (const ResourceChange& change : changes) {
          WriteChange(transaction, committed.version, change);
        }
        return absl::OkStatus();
      });
  // Another process inserted the same version at the same time.
  if (absl::IsAlreadyExists(status)) return VersionConflict(expected);
  CS_RETURN_IF_ERROR(status);
  return committed;
}

}  // namespace countersign::policy::resources
