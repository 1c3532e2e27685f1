#include "services/cli/completion/completion.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace countersign::cli::completion {
namespace {

// A word that may be typed, with its explanation.
struct Word {
  std::string text;
  std::string description;
};

// A verb by its full path ("", "reviews", "reviews approve"), and what may follow it.
struct Verb {
  std::string path;
  std::vector<Word> verbs;
  std::vector<Word> options;
};

std::string FirstLine(absl::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

void AddOptions(const CLI::App& app, std::vector<Word>& words) {
  for (const CLI::Option* option : app.get_options()) {
    const std::string description = FirstLine(option->get_description());
    for (const std::string& name : option->get_lnames()) {
      words.push_back({absl::StrCat("--", name), description});
    }
    for (const std::string& name : option->get_snames()) {
      words.push_back({absl::StrCat("-", name), description});
    }
  }
}

// `global` options may stand behind every verb.
void AddVerbs(const CLI::App& app, const std::string& path, const std::vector<Word>& global,
              std::vector<Verb>& found) {
  Verb verb{path, {}, {}};
  AddOptions(app, verb.options);
  if (!path.empty()) {
    for (const Word& word : global) {
      if (word.text != "--help" && word.text != "-h" && word.text != "--version") {
        verb.options.push_back(word);
      }
    }
  }
  const std::vector<const CLI::App*> children =
      app.get_subcommands([](const CLI::App* child) { return !child->get_name().empty(); });
  for (const CLI::App* child : children) {
    verb.verbs.push_back({child->get_name(), FirstLine(child->get_description())});
  }
  found.push_back(std::move(verb));
  for (const CLI::App* child : children) {
    const std::string name = child->get_name();
    AddVerbs(*child, path.empty() ? name : absl::StrCat(path, " ", name), global, found);
  }
}

std::vector<Verb> FindVerbs(const CLI::App& app) {
  std::vector<Word> global;
  AddOptions(app, global);
  std::vector<Verb> verbs;
  AddVerbs(app, "", global, verbs);
  return verbs;
}

// Within single quotes of a shell.
std::string Quote(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

std::string Words(const Verb& verb) {
  std::vector<std::string> words;
  for (const Word& word : verb.verbs) words.push_back(word.text);
  for (const Word& word : verb.options) words.push_back(word.text);
  return absl::StrJoin(words, " ");
}

// The cases of a shell's `case`: each path of verbs with what `line` makes of it.
template <typename Line>
std::string Cases(const std::vector<Verb>& verbs, const Line& line) {
  std::string cases;
  for (const Verb& verb : verbs) {
    absl::StrAppend(&cases, "    ", Quote(verb.path), ") ", line(verb), " ;;\n");
  }
  return cases;
}

// Patterns of the paths that a word may lead to.
std::string Paths(const std::vector<Verb>& verbs) {
  std::vector<std::string> paths;
  for (const Verb& verb : verbs) {
    if (!verb.path.empty()) paths.push_back(Quote(verb.path));
  }
  return absl::StrJoin(paths, "|");
}

// Lines of bash and zsh that set `typed` to the verb among the words of the command line. Its name
// is not `path`, which is the search path of zsh.
std::string FindVerb(const std::vector<Verb>& verbs, absl::string_view range,
                     absl::string_view word) {
  return absl::StrCat("  for ((", range, "; i++)); do\n    next=${typed:+$typed }", word,
                      "\n    case $next in\n    ", Paths(verbs),
                      ") typed=$next ;;\n    esac\n  done\n");
}

std::string MakeBash(const std::vector<Verb>& verbs) {
  const std::string cases =
      Cases(verbs, [](const Verb& verb) { return absl::StrCat("words=", Quote(Words(verb))); });
  return absl::StrCat(
      "# bash completion of countersign; written by `countersign completion bash`.\n"
      "_countersign() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} typed='' next='' words='' i\n",
      FindVerb(verbs, "i = 1; i < COMP_CWORD", "${COMP_WORDS[i]}"), "  case $typed in\n", cases,
      "  esac\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
      "  if [[ ${#COMPREPLY[@]} -eq 0 && $current != -* ]]; then\n"
      "    mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
      "  fi\n"
      "}\n"
      "complete -o filenames -F _countersign countersign\n");
}

std::string MakeZsh(const std::vector<Verb>& verbs) {
  const auto describe = [](const Word& word) {
    return Quote(
        absl::StrCat(absl::StrReplaceAll(word.text, {{":", "\\:"}}), ":", word.description));
  };
  const std::string cases = Cases(verbs, [&](const Verb& verb) {
    std::string line = "verbs=(";
    for (const Word& word : verb.verbs) absl::StrAppend(&line, describe(word), " ");
    absl::StrAppend(&line, ") options=(");
    for (const Word& word : verb.options) absl::StrAppend(&line, describe(word), " ");
    return line + ")";
  });
  return absl::StrCat(
      "#compdef countersign\n"
      "# zsh completion of countersign; written by `countersign completion zsh`.\n"
      "_countersign() {\n"
      "  local typed='' next='' i\n"
      "  local -a verbs options\n",
      FindVerb(verbs, "i = 2; i < CURRENT", "${words[i]}"), "  case $typed in\n", cases,
      "  esac\n"
      "  [[ ${words[CURRENT]} == -* ]] && { _describe option options; return }\n"
      "  (( ${#verbs} )) && { _describe verb verbs; return }\n"
      "  _files\n"
      "}\n"
      "if [[ ${funcstack[1]} == _countersign ]]; then _countersign \"$@\"; else compdef "
      "_countersign countersign; fi\n");
}

std::string MakeFish(const std::vector<Verb>& verbs) {
  std::string script = absl::StrCat(
      "# fish completion of countersign; written by `countersign completion fish`.\n"
      "function __countersign_at\n"
      "  set -l typed ''\n"
      "  for word in (commandline -opc)[2..]\n"
      "    set -l next (string trim -- \"$typed $word\")\n"
      "    switch \"$next\"\n"
      "      case ",
      absl::StrReplaceAll(Paths(verbs), {{"|", " "}}),
      "\n"
      "        set typed $next\n"
      "    end\n"
      "  end\n"
      "  test \"$typed\" = \"$argv[1]\"\n"
      "end\n");
  for (const Verb& verb : verbs) {
    const std::string when = absl::StrCat(
        "complete -c countersign -n ", Quote(absl::StrCat("__countersign_at '", verb.path, "'")));
    for (const Word& word : verb.verbs) {
      absl::StrAppend(&script, when, " -f -a ", Quote(word.text), " -d ", Quote(word.description),
                      "\n");
    }
    for (const Word& word : verb.options) {
      const bool is_long = absl::StartsWith(word.text, "--");
      absl::StrAppend(&script, when, is_long ? " -l " : " -s ",
                      Quote(absl::string_view(word.text).substr(is_long ? 2 : 1)), " -d ",
                      Quote(word.description), "\n");
    }
  }
  return script;
}

}  // namespace

absl::StatusOr<std::string> MakeScript(const CLI::App& app, absl::string_view shell) {
  const std::vector<Verb> verbs = FindVerbs(app);
  if (shell == "bash") return MakeBash(verbs);
  if (shell == "zsh") return MakeZsh(verbs);
  if (shell == "fish") return MakeFish(verbs);
  return absl::InvalidArgumentError(
      absl::StrCat("there is no completion for ", shell, ": bash, zsh and fish have one"));
}

}  // namespace countersign::cli::completion
