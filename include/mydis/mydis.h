// All of the library: an instance in this program, a client of running ones, their sessions.
#pragma once

#include "mydis/client.h"
#include "mydis/consistency.h"
#include "mydis/instance.h"
#include "mydis/scan.h"
#include "mydis/script.h"
#include "mydis/session.h"
#include "mydis/status.h"
#include "mydis/value.h"
