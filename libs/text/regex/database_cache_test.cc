#include "libs/text/regex/database_cache.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "libs/text/matching/matcher.h"

namespace countersign::text::regex {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    std::string made = (fs::temp_directory_path() / "cs-cache-XXXXXX").string();
    REQUIRE(::mkdtemp(made.data()) != nullptr);
    path = made;
  }
  ~Folder() { fs::remove_all(path); }
  std::string cache() const { return path + "/cache"; }
  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    if (!fs::exists(cache())) return found;
    for (const auto& file : fs::directory_iterator(cache())) found.push_back(file.path());
    return found;
  }
  std::string path;
};

unsigned FileMode(const fs::path& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777;
}

void Overwrite(const fs::path& path, std::size_t at, char byte) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(byte);
}

TEST_CASE("DatabaseCache: loads stored databases, from files only the owner can read",
          "[matcher]") {
  const Folder folder;
  const DatabaseCache cache(folder.cache());
  CHECK_FALSE(cache.Load("a").has_value());
  REQUIRE(cache.Store("a", std::string("first\0one", 9)).ok());
  REQUIRE(cache.Store("b", "second").ok());
  CHECK(cache.Load("a") == std::string("first\0one", 9));
  CHECK(cache.Load("b") == "second");
  CHECK_FALSE(cache.Load("c").has_value());
  CHECK(folder.files().size() == 2);  // and no temporary files
  CHECK(FileMode(folder.cache()) == 0700);
  for (const fs::path& file : folder.files()) CHECK(FileMode(file) == 0600);
}

TEST_CASE("DatabaseCache: a damaged or shortened file is ignored", "[matcher]") {
  const Folder folder;
  const DatabaseCache cache(folder.cache());
  REQUIRE(cache.Store("a", "a database of some bytes").ok());
  const fs::path file = folder.files().at(0);
  const auto size = fs::file_size(file);
  for (std::size_t at : {std::size_t{0}, std::size_t{30}, static_cast<std::size_t>(size - 1)}) {
    REQUIRE(cache.Store("a", "a database of some bytes").ok());
    Overwrite(file, at, '\x7f');
    INFO("byte " << at);
    CHECK_FALSE(cache.Load("a").has_value());
  }
  for (const std::uintmax_t left : {size - 1, std::uintmax_t{10}, std::uintmax_t{0}}) {
    REQUIRE(cache.Store("a", "a database of some bytes").ok());
    fs::resize_file(file, left);
    CHECK_FALSE(cache.Load("a").has_value());
  }
}

TEST_CASE("DatabaseCache: removes the least recently used file first", "[matcher]") {
  const Folder folder;
  const DatabaseCache cache(folder.cache(), 1000);
  const std::string database(300, 'x');
  for (const char* const key : {"a", "b"}) REQUIRE(cache.Store(key, database).ok());
  for (const fs::path& file : folder.files()) {
    fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  REQUIRE(cache.Load("a").has_value());
  REQUIRE(cache.Store("c", database).ok());
  CHECK(cache.Load("a").has_value());
  CHECK_FALSE(cache.Load("b").has_value());
  CHECK(cache.Load("c").has_value());
  CHECK_FALSE(cache.Store("d", std::string(501, 'x')).ok());
}

TEST_CASE("DatabaseCache: a folder that cannot be created fails Store, not Load", "[matcher]") {
  const DatabaseCache cache("/proc/none/cache");
  CHECK_FALSE(cache.Store("a", "x").ok());
  CHECK_FALSE(cache.Load("a").has_value());
}

TEST_CASE("Matcher: patterns come from the cache, and a damaged cache changes nothing",
          "[matcher]") {
  const Folder folder;
  const DatabaseCache cache(folder.cache());
  const std::vector<matching::MatchTerm> terms = {{"PRJ-[0-9]{4}", true, matching::View::kRaw, 1}};
  const auto finds = [&](const std::vector<matching::MatchTerm>& wanted, const char* text) {
    const auto matcher = matching::Matcher::Compile(wanted, &cache);
    REQUIRE(matcher.ok());
    return (*matcher)->Scan(text)->size() == 1;
  };
  CHECK(finds(terms, "see PRJ-1234"));
  REQUIRE(folder.files().size() == 1);
  const fs::path file = folder.files().at(0);
  CHECK(finds(terms, "see PRJ-1234"));
  CHECK(folder.files().size() == 1);
  // Another pattern, or another view, is another database.
  CHECK(finds({{"PRJ-[0-9]{5}", true, matching::View::kRaw, 1}}, "see PRJ-12345"));
  CHECK(finds({{"PRJ-[0-9]{4}", true, matching::View::kCaseless, 1}}, "see prj-1234"));
  CHECK(folder.files().size() == 3);
  Overwrite(file, fs::file_size(file) / 2, '\x01');
  Overwrite(file, fs::file_size(file) / 2 + 1, '\x02');
  CHECK(finds(terms, "see PRJ-1234"));
  CHECK(finds(terms, "see PRJ-1234"));  // the database was stored again
  CHECK_FALSE(finds(terms, "see PRJ-123"));
}

}  // namespace
}  // namespace countersign::text::regex
