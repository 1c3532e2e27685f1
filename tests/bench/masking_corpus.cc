#include "tests/bench/masking_corpus.h"

#include <iterator>
#include <random>

namespace countersign::bench {
namespace {

// N is a name, # a small number, % an amount, @ a date, = a time.
constexpr const char* kSentences[] = {
    "Here is a short summary of the meeting that took place on @.",
    "The committee agreed that the budget for the next quarter should not exceed % dollars.",
    "N asked whether the figures from last year had been checked against the ledger.",
    "In general, a shorter answer is easier to read, but it leaves out some of the reasons.",
    "You can think of the index as a table that maps every word to the places where it stands.",
    "If the request fails, wait a moment and try again; most failures of this kind are temporary.",
    "The train leaves at = and arrives # minutes later, unless there is work on the line.",
    "There are several ways to solve this problem, and each of them has its own trade-offs.",
    "First, make sure that the configuration file exists and that the service can read it.",
    "N and N wrote the first version together, and it has been rewritten # times since then.",
    "The results were better than expected: # out of % samples passed on the first attempt.",
    "Please note that the deadline was moved to @, because two of the reviewers are on leave.",
    "A good test says what should happen, not how the code happens to do it.",
    "The old bridge was closed in spring, and traffic has been slow in that part of town.",
    "It is worth asking what would happen if nobody answered at all.",
    "The function returns the number of bytes that were written, or a negative value.",
    "Let me know if you would like me to explain any of these steps in more detail.",
    "According to the report, demand grew by # percent while prices stayed about the same.",
    "N thinks that the proposal is sound, though the schedule looks rather optimistic.",
    "To install the package, run the command below and follow the instructions on the screen.",
    "The patient reported mild headaches, which disappeared after # days without treatment.",
    "Water boils at a lower temperature in the mountains because the air pressure is lower.",
    "We should compare both options carefully before we decide which one to buy.",
    "The contract ends on @ and is renewed for # months unless one side gives notice.",
    "His grandmother used to bake bread on Saturdays and give half of it to the neighbours.",
    "For example, a list of % items can be searched in about # steps when it is sorted.",
    "The second paragraph repeats the first, so you may want to remove one of them.",
    "Nothing in the log explains why the connection was closed after # seconds.",
    "In the end, N decided to keep the original wording and to add a footnote instead.",
    "The museum opens at = on weekdays and stays open until late in the evening in summer.",
    "This is not legal advice; please talk to somebody who knows the rules in your country.",
    "The version that was released on @ fixes # problems and adds a new option.",
    "Some readers will object that the method only works when the data is clean.",
    "A class of # students read the text aloud and marked the words they did not know.",
    "Because the two clocks drift apart, time stamps from different machines cannot be compared.",
    "The kitchen is small, but it has a window to the garden and a surprisingly good oven.",
    "On balance, the benefits seem to outweigh the costs, at least for a team of this size.",
    "The letter from N, dated @, confirms that the goods were delivered in good condition.",
    "When you double the length of each side, the area becomes four times as large.",
    "They walked along the river for an hour and talked about everything except work.",
    "The memory that the process needs depends on the size of the largest document.",
    "I would start with the simplest explanation and only then look for a complicated one.",
    "The price includes breakfast, but parking costs another # euros per night.",
    "Each record has a name, a type and a value; the type decides how the value is read.",
    "Her argument rests on the assumption that people act on what they say they believe.",
    "The team in the other building finished its part on @, two weeks ahead of plan.",
    "Could you check whether page # is missing from your copy as well?",
    "The house was built in 19# and has been in the same family ever since.",
    "Most of the errors come from a single field that some clients leave empty.",
    "Read the whole question first, then answer the parts you are sure about.",
    "The storm passed to the north, so the harbour could be opened again at =.",
    "As a rule of thumb, leave at least a third of the disk free.",
    "N pointed out that the chart on page # uses a different scale from the one before.",
    "These plants need little water, plenty of light and a pot with a hole in it.",
    "The translation keeps the rhythm of the original, which is harder than it looks.",
    "Section #.# describes the format; section # lists the known limitations.",
    "It took the jury less than # hours to reach a verdict in the case.",
    "The two proposals differ mainly in who pays when something goes wrong.",
    "Once the form has been signed, it cannot be changed without starting again.",
    "There was a long silence, and then everybody began to speak at the same time.",
};

constexpr const char* kEntities[] = {
    "Please charge it to 4111 1111 1111 1111, as we did before.",
    "You can reach her at jane.doe@example.com if anything is unclear.",
    "The account for the refund is GB29 NWBK 6016 1331 9268 19.",
    "Call +1 415 555 2671 and ask for the person in charge.",
    "The form lists 536-90-4399 as the social security number.",
    "The server at 192.168.14.27 did not answer.",
    "Write to support.team+cases@mail.example.co.uk with a copy of the receipt.",
    "The second card, 5555-5555-5555-4444, was declined.",
};

constexpr const char* kNames[] = {"Alice",  "Mr Brown", "Chen Wei", "Maria",     "Dr Okafor",
                                  "Thomas", "Ingrid",   "Yusuf",    "Mrs Evans", "Priya"};
constexpr const char* kMonths[] = {"January", "March", "May", "July", "September", "November"};

class Writer {
 public:
  explicit Writer(std::uint32_t seed) : random_(seed) {}

  std::size_t Below(std::size_t bound) { return random_() % bound; }

  void Write(const char* sentence, std::string& out) {
    for (const char* at = sentence; *at != '\0'; ++at) {
      switch (*at) {
        case 'N': Name(at, out); break;
        case '#': out += std::to_string(2 + Below(97)); break;
        case '%': out += std::to_string(1 + Below(40)) + "," + Digits(3); break;
        case '=': out += std::to_string(7 + Below(14)) + ":" + Digits(2); break;
        case '@':
          out += std::to_string(1 + Below(28)) + " " + kMonths[Below(std::size(kMonths))] + " 20" +
                 std::to_string(10 + Below(16));
          break;
        default: out += *at;
      }
    }
  }

  std::string Digits(std::size_t count) {
    std::string digits;
    while (digits.size() < count) digits += static_cast<char>('0' + Below(6));
    return digits;
  }

 private:
  // Fills a slot, unless it is part of a word.
  void Name(const char* at, std::string& out) {
    const bool slot = at[1] == ' ' || at[1] == ',';
    out += slot ? kNames[Below(std::size(kNames))] : "N";
  }

  std::mt19937 random_;
};

}  // namespace

std::string Prose(std::size_t bytes, std::uint32_t seed, std::size_t sentences_per_entity) {
  Writer writer(seed);
  std::string text;
  text.reserve(bytes + 256);
  while (text.size() < bytes) {
    if (sentences_per_entity > 0 && writer.Below(sentences_per_entity) == 0) {
      text += kEntities[writer.Below(std::size(kEntities))];
    } else {
      writer.Write(kSentences[writer.Below(std::size(kSentences))], text);
    }
    text += writer.Below(6) == 0 ? "\n\n" : " ";
  }
  text.resize(bytes);
  return text;
}

std::string Repeated(const std::string& piece, std::size_t bytes) {
  std::string text;
  text.reserve(bytes + piece.size());
  while (text.size() < bytes) text += piece;
  text.resize(bytes);
  return text;
}

}  // namespace countersign::bench
