#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

// Starts, kills and queries the real programs.
namespace countersign::faults {

struct Finished {
  int status = -1;     // exit status; -1 when it was killed or did not end in time
  std::string output;  // standard output and error
};

// Runs a program of the build (bin/NAME) to its end. Returns when nobody holds its output any more,
// so a process that it left running with its descriptors causes a timeout.
Finished Run(const std::string& program, const std::vector<std::string>& arguments);

struct HttpReply {
  int status = 0;  // 0: no connection, or it broke before the head
  std::map<std::string, std::string> headers;
  std::string body;
};

// Sends one request on a new connection.
HttpReply Get(const std::string& address, const std::string& path);
HttpReply Post(const std::string& address, const std::string& path, const std::string& key,
               const std::string& json);

// A streamed answer that is read piece by piece.
class Stream {
 public:
  Stream(const std::string& address, const std::string& path, const std::string& key,
         const std::string& json);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Reads until the body contains `text` `times` times, or the stream ends.
  void ReadUntil(const std::string& text, int times);
  void ReadAll();
  const std::string& body() const { return body_; }  // without the transfer's framing

 private:
  bool ReadSome();
  int socket_ = -1;
  std::string raw_;
  std::string body_;
};

// A gateway on a temporary folder and free ports; removed, with everything that runs on it, with
// the object. The first one of a process creates a database, the others copy it.
class Gateway {
 public:
  Gateway();
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  const std::string& data() const { return data_; }
  std::string address() const;  // of the running gateway
  std::string admin_key() const;
  pid_t pid() const;       // of the gateway
  pid_t postgres() const;  // of its database server; 0 when none runs

  Finished Up(std::vector<std::string> more = {});  // detached
  Finished Down();
  void Kill();  // kill -9; returns when it has ended
  HttpReply Admin(const std::string& method, const std::string& json);

 private:
  struct Bare {};
  explicit Gateway(Bare);
  static const Gateway& Template();
  std::string folder_;
  std::string data_;
};

// The demo model: streams scripted answers and logs its requests.
class DemoModel {
 public:
  // `log` is the file for its log; empty: none.
  explicit DemoModel(int pace_ms, const std::string& log = "");
  ~DemoModel();
  DemoModel(const DemoModel&) = delete;
  DemoModel& operator=(const DemoModel&) = delete;

  const std::string& url() const { return url_; }

 private:
  pid_t pid_ = 0;
  std::string url_;
};

bool Runs(pid_t pid);
void WaitUntilGone(pid_t pid);
std::string Content(const std::string& path);

}  // namespace countersign::faults
