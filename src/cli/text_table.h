// Rows of text, as a terminal or a program wants them. Any thread.
#pragma once

#include <string>
#include <vector>

namespace mydis {

// `people`: columns of equal width; else fields with a tab between them. The first row is the head.
std::string TextTable(const std::vector<std::vector<std::string>>& rows, bool people);

}  // namespace mydis
