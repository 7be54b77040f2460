// Runs a fuzzer without libFuzzer, so that every test run with any compiler looks at its corpus:
// FUZZER [--rounds N] [FILE|FOLDER]... feeds the files, then N variations of them (default 20000)
// that are the same in every run.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/random.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using mydis::Random;

void Run(const std::string& input) {
  // A copy of exactly this size on the heap, so that the address sanitizer sees a read past its
  // end.
  std::vector<uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

void ReadInputs(const std::string& path, std::vector<std::string>* inputs) {
  if (std::filesystem::is_directory(path)) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path))
      names.push_back(entry.path().string());
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) ReadInputs(name, inputs);
    return;
  }
  std::ifstream file(path, std::ios::binary);
  inputs->emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// One small change: a byte, a bit, a cut, a repetition, or a piece of another input.
void Change(std::string* input, const std::vector<std::string>& inputs, Random* random) {
  const size_t at = input->empty() ? 0 : random->Below(input->size());
  switch (random->Below(6)) {
    case 0:
      if (!input->empty()) (*input)[at] = static_cast<char>(random->Next());
      break;
    case 1:
      if (!input->empty()) (*input)[at] ^= static_cast<char>(1 << random->Below(8));
      break;
    case 2:
      input->erase(at, random->Below(9));
      break;
    case 3:
      input->insert(at, input->substr(at, random->Below(17)));
      break;
    case 4:
      input->insert(at, 1, static_cast<char>(random->Next()));
      break;
    default: {
      const std::string& other = inputs[random->Below(inputs.size())];
      if (!other.empty()) input->insert(at, other.substr(random->Below(other.size())));
      if (input->size() > 4096) input->resize(4096);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t rounds = 20'000;
  std::vector<std::string> inputs{""};
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
      rounds = std::strtoull(argv[++i], nullptr, 10);
    } else {
      ReadInputs(argv[i], &inputs);
    }
  }
  for (const std::string& input : inputs) Run(input);
  Random random(1);
  for (uint64_t i = 0; i < rounds; ++i) {
    std::string input = inputs[random.Below(inputs.size())];
    for (uint64_t changes = 1 + random.Below(4); changes > 0; --changes)
      Change(&input, inputs, &random);
    Run(input);
  }
  std::printf("%zu inputs and %llu variations\n", inputs.size(),
              static_cast<unsigned long long>(rounds));
  return 0;
}
