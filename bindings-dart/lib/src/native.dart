/// The functions of the C ABI, as `bindings-c/include/k1s0_circuit_breaker.h` has them. None of them waits or calls
/// back, so all are leaf calls, which may be handed the memory of Dart's own lists.
@DefaultAsset('package:k1s0_circuit_breaker/src/native.dart')
library;

import 'dart:ffi';

typedef _Breaker = Pointer<Void>;
typedef _Counter = Pointer<Void>;
typedef _Numbers = Pointer<Uint64>;
typedef _Bytes = Pointer<Uint8>;

/// The version of the ABI that this package was written for.
const abiVersion = 2;

/// The longest name, in bytes.
const longestName = 1024;

/// Results.
const ok = 0, rejected = 1, alreadySettled = 2, invalidConfig = 104, bufferTooSmall = 107, configMismatch = 109;

/// A wait that never ends, as the 64 bits it is.
const never = -1;

/// Not configured.
const off = -16;

@Native<Uint32 Function()>(symbol: 'k1s0_cb_abi_version', isLeaf: true)
external int libraryAbiVersion();

@Native<_Bytes Function()>(symbol: 'k1s0_cb_version', isLeaf: true)
external _Bytes libraryVersion();

@Native<_Bytes Function(Int32)>(symbol: 'k1s0_cb_result_name', isLeaf: true)
external _Bytes resultName(int result);

@Native<_Bytes Function(Uint32)>(symbol: 'k1s0_cb_state_name', isLeaf: true)
external _Bytes stateName(int number);

@Native<_Bytes Function(Uint32)>(symbol: 'k1s0_cb_outcome_name', isLeaf: true)
external _Bytes outcomeName(int number);

@Native<_Bytes Function(Uint32)>(symbol: 'k1s0_cb_effect_name', isLeaf: true)
external _Bytes effectName(int number);

@Native<_Bytes Function(Uint32)>(symbol: 'k1s0_cb_reason_name', isLeaf: true)
external _Bytes reasonName(int number);

@Native<_Bytes Function(Uint32)>(symbol: 'k1s0_cb_reject_reason_name', isLeaf: true)
external _Bytes rejectReasonName(int number);

@Native<_Bytes Function(Uint32)>(symbol: 'k1s0_cb_transport_error_name', isLeaf: true)
external _Bytes transportErrorName(int number);

@Native<Int32 Function(_Numbers, Uint64)>(symbol: 'k1s0_cb_config_init', isLeaf: true)
external int configInit(_Numbers config, int size);

@Native<Int32 Function(_Numbers, _Numbers, _Bytes)>(symbol: 'k1s0_cb_new', isLeaf: true)
external int newBreaker(_Numbers config, _Numbers breaker, _Bytes error);

@Native<Int32 Function(_Bytes, Uint64, _Numbers, _Numbers, _Bytes)>(symbol: 'k1s0_cb_shared', isLeaf: true)
external int shared(_Bytes name, int length, _Numbers config, _Numbers breaker, _Bytes error);

@Native<Void Function(_Breaker)>(symbol: 'k1s0_cb_free', isLeaf: true)
external void free(_Breaker breaker);

@Native<Int32 Function(_Breaker, _Numbers)>(symbol: 'k1s0_cb_admission_word', isLeaf: true)
external int admissionWord(_Breaker breaker, _Numbers word);

@Native<Int32 Function(_Breaker, _Numbers)>(symbol: 'k1s0_cb_counter_new', isLeaf: true)
external int counterNew(_Breaker breaker, _Numbers counter);

@Native<Int32 Function(_Counter, _Numbers)>(symbol: 'k1s0_cb_counter_address', isLeaf: true)
external int counterAddress(_Counter counter, _Numbers address);

@Native<Void Function(_Counter)>(symbol: 'k1s0_cb_counter_free', isLeaf: true)
external void counterFree(_Counter counter);

@Native<Int32 Function(_Breaker, Uint64, _Numbers, _Numbers, _Numbers)>(symbol: 'k1s0_cb_acquire_word', isLeaf: true)
external int acquireWord(_Breaker breaker, int now, _Numbers word, _Numbers rejection, _Numbers transitions);

@Native<Int32 Function(_Breaker, Uint64, Uint64, Uint32, Uint64, _Numbers, _Numbers)>(
  symbol: 'k1s0_cb_settle_word',
  isLeaf: true,
)
external int settleWord(
  _Breaker breaker,
  int word,
  int began,
  int outcome,
  int now,
  _Numbers effect,
  _Numbers transitions,
);

@Native<Int32 Function(_Breaker, Uint32, Uint64, Uint32, Uint64, _Numbers, _Numbers)>(
  symbol: 'k1s0_cb_settle_low_word',
  isLeaf: true,
)
external int settleLowWord(
  _Breaker breaker,
  int lowWord,
  int began,
  int outcome,
  int now,
  _Numbers effect,
  _Numbers transitions,
);

@Native<Int32 Function(_Breaker, Uint64, Uint64, Uint32, Uint64, Uint64, _Numbers, _Numbers)>(
  symbol: 'k1s0_cb_settle_word_retry_after',
  isLeaf: true,
)
external int settleWordRetryAfter(
  _Breaker breaker,
  int word,
  int began,
  int outcome,
  int retryAfter,
  int now,
  _Numbers effect,
  _Numbers transitions,
);

@Native<Int32 Function(_Breaker, Uint64, _Numbers)>(symbol: 'k1s0_cb_record_success', isLeaf: true)
external int recordSuccess(_Breaker breaker, int now, _Numbers transitions);

@Native<Int32 Function(_Breaker, Uint64, _Numbers)>(symbol: 'k1s0_cb_record_failure', isLeaf: true)
external int recordFailure(_Breaker breaker, int now, _Numbers transitions);

@Native<Int32 Function(_Breaker, Uint64, _Numbers)>(symbol: 'k1s0_cb_reset', isLeaf: true)
external int reset(_Breaker breaker, int now, _Numbers transitions);

@Native<Int32 Function(_Breaker, Uint64, _Numbers)>(symbol: 'k1s0_cb_trip', isLeaf: true)
external int trip(_Breaker breaker, int now, _Numbers transitions);

@Native<Int32 Function(_Breaker, Uint64, _Numbers)>(symbol: 'k1s0_cb_force_open', isLeaf: true)
external int forceOpen(_Breaker breaker, int now, _Numbers transitions);

@Native<Int32 Function(_Breaker, Uint64, _Numbers)>(symbol: 'k1s0_cb_force_closed', isLeaf: true)
external int forceClosed(_Breaker breaker, int now, _Numbers transitions);

@Native<Int32 Function(_Breaker, Uint64, _Numbers)>(symbol: 'k1s0_cb_automatic', isLeaf: true)
external int automatic(_Breaker breaker, int now, _Numbers transitions);

@Native<Int32 Function(_Breaker, Uint64, _Numbers)>(symbol: 'k1s0_cb_tick', isLeaf: true)
external int tick(_Breaker breaker, int now, _Numbers transitions);

@Native<Int32 Function(_Breaker, Uint64, _Numbers)>(symbol: 'k1s0_cb_get_state', isLeaf: true)
external int getState(_Breaker breaker, int now, _Numbers state);

@Native<Int32 Function(_Breaker, Uint64, _Numbers)>(symbol: 'k1s0_cb_get_metrics', isLeaf: true)
external int getMetrics(_Breaker breaker, int now, _Numbers metrics);

@Native<Int32 Function(_Breaker, _Numbers, Uint64, _Numbers)>(symbol: 'k1s0_cb_recent_transitions', isLeaf: true)
external int recentTransitions(_Breaker breaker, _Numbers items, int capacity, _Numbers count);

@Native<Int32 Function(_Breaker, Uint64, _Bytes, Uint64, _Numbers)>(symbol: 'k1s0_cb_explain_json', isLeaf: true)
external int explainJson(_Breaker breaker, int now, _Bytes buffer, int size, _Numbers needed);

@Native<Int32 Function(_Breaker, Uint64, _Bytes, Uint64, _Numbers)>(symbol: 'k1s0_cb_explain_text', isLeaf: true)
external int explainText(_Breaker breaker, int now, _Bytes buffer, int size, _Numbers needed);

@Native<Int32 Function(Int32, _Numbers)>(symbol: 'k1s0_cb_classify_http_status', isLeaf: true)
external int classifyHttpStatus(int status, _Numbers outcome);

@Native<Int32 Function(Int32, _Numbers)>(symbol: 'k1s0_cb_classify_grpc_status', isLeaf: true)
external int classifyGrpcStatus(int code, _Numbers outcome);

@Native<Int32 Function(Uint32, _Numbers)>(symbol: 'k1s0_cb_classify_transport_error', isLeaf: true)
external int classifyTransportError(int error, _Numbers outcome);

@Native<Int32 Function(Int32, _Bytes, Uint64, _Bytes, Uint64, _Numbers)>(
  symbol: 'k1s0_cb_http_retry_after',
  isLeaf: true,
)
external int httpRetryAfter(
  int status,
  _Bytes retryAfter,
  int retryAfterLength,
  _Bytes date,
  int dateLength,
  _Numbers wait,
);

/// The system's: `DynamicLibrary.open` would keep a library's symbols to itself. (Public, for the compiler of Dart 3.7
/// fails on a private one.)
@Native<Pointer<Void> Function(_Bytes, Int32)>(symbol: 'dlopen', isLeaf: true)
external Pointer<Void> dlopen(_Bytes path, int mode);
