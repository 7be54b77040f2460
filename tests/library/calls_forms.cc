// All families of typed calls, made for all that has them: they compile.
#include "mydis/session.h"

namespace mydis {

#define MYDIS_ALL_FAMILIES(Self, Answer)            \
  template class KeyCalls<Self, Answer>;            \
  template class StringCalls<Self, Answer>;         \
  template class BitmapCalls<Self, Answer>;         \
  template class ListCalls<Self, Answer>;           \
  template class HashCalls<Self, Answer>;           \
  template class HashExpiryCalls<Self, Answer>;     \
  template class SetCalls<Self, Answer>;            \
  template class SortedSetCalls<Self, Answer>;      \
  template class SortedSetRangeCalls<Self, Answer>; \
  template class StreamCalls<Self, Answer>;         \
  template class StreamGroupCalls<Self, Answer>;    \
  template class GeoCalls<Self, Answer>;            \
  template class HyperLogLogCalls<Self, Answer>;    \
  template class ScriptCalls<Self, Answer>;         \
  template class MessageCalls<Self, Answer>;        \
  template class ServerCalls<Self, Answer>

MYDIS_ALL_FAMILIES(Session, Result);
MYDIS_ALL_FAMILIES(AsyncSession, Future);
MYDIS_ALL_FAMILIES(Pipeline, Future);
MYDIS_ALL_FAMILIES(Transaction, Future);

}  // namespace mydis
