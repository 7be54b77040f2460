// The page at /ui.
#pragma once

#include <string_view>

namespace mydis {

// Its parts: what is between <style> and </style>, <script> and </script>, and the body.
extern const std::string_view kUiStyle;
extern const std::string_view kUiScript;
extern const std::string_view kUiBody;

}  // namespace mydis
