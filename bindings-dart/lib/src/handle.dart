import 'dart:convert';
import 'dart:ffi';
import 'dart:typed_data';

import 'clock.dart';
import 'config.dart';
import 'error.dart';
import 'explanation.dart';
import 'library.dart';
import 'metrics.dart';
import 'native.dart' as native;
import 'state.dart';
import 'transition.dart';

/// What a hand may do to a breaker.
enum Control { reset, trip, forceOpen, forceClosed, automatic, tick, recordSuccess, recordFailure }

// Where the library answers. Calls into it neither wait nor call back, so each isolate needs them once.
final _word = Uint64List(1);
final _effect = Uint64List(1);
final _rejection = Uint64List(2);
final _made = Uint64List(1 + 2 * transitionNumbers);

final _freeBreaker = NativeFinalizer(Native.addressOf(native.free));
final _freeCounter = NativeFinalizer(Native.addressOf(native.counterFree));

/// A reference to a breaker of the library, with a counter of this isolate's own. The only one who calls into the library
/// for a breaker.
final class Handle implements Finalizable {
  Handle._(this._breaker, this._admission, this._counterOwner, this._counter, this.clock, this.name) {
    _freeBreaker.attach(this, _breaker, detach: this, externalSize: 256);
    _freeCounter.attach(this, _counterOwner, detach: this, externalSize: 64);
  }

  /// A new breaker; or if there is a [sharedName], the process's of that name.
  factory Handle(CircuitBreakerConfig config, Clock clock, String? name, {String? sharedName}) {
    final place = Uint64List(1);
    final breaker = _make(config, sharedName);
    if (native.counterNew(breaker, place.address) != native.ok) {
      native.free(breaker);
      throw StateError('the system has no room for another circuit breaker');
    }
    final counter = Pointer<Void>.fromAddress(place[0]);
    _check(native.counterAddress(counter, place.address));
    final address = place[0];
    _check(native.admissionWord(breaker, place.address));
    return Handle._(
      breaker,
      Pointer.fromAddress(place[0]),
      counter,
      Pointer.fromAddress(address),
      clock,
      name,
    );
  }

  final Pointer<Void> _breaker;
  final Pointer<Uint32> _admission;
  final Pointer<Void> _counterOwner;
  final Pointer<Uint32> _counter;

  /// Where the time comes from.
  final Clock clock;

  /// The breaker's name, if it has one.
  final String? name;

  /// Who is told of transitions.
  late final Transitions transitions = _told = Transitions();
  Transitions? _told;

  /// When the last word that was asked for was asked for.
  int began = 0;

  bool _closed = false;

  /// The low half of the admission word. While its bit 0 is 0, a call needs not be asked for: this is its permit.
  @pragma('vm:prefer-inline')
  int get word {
    if (_closed) {
      _alive();
    }
    return _admission.value;
  }

  /// Settles such a permit as a success.
  @pragma('vm:prefer-inline')
  void succeed(int word) {
    // Dart has no atomics. Of 32 bits that lie together it reads and writes all or none, and this counter has no other
    // writer; one that is full is left to the library.
    if (!_closed && _admission.value == word) {
      final count = _counter.value;
      if (count != 0xffffffff) {
        _counter.value = count + 1;
        return;
      }
    }
    settle(word, 0, Outcome.success);
  }

  /// A permit where it has to be asked for; [began] says since when.
  int ask() {
    _alive();
    final now = reading(clock);
    final result = native.acquireWord(_breaker, now, _word.address, _rejection.address, _made.address);
    if (result == native.rejected) {
      final flags = _rejection[1];
      final error = CircuitBreakerException(
        RejectReason.of(flags >>> 32),
        retryAfter: flags & 0xffffffff == 1 ? waitOf(_rejection[0]) : null,
        name: name,
      );
      _tell();
      throw error;
    }
    _check(result);
    final word = _word[0];
    _tell();
    // A listener may have asked for others meanwhile.
    began = now;
    return word;
  }

  /// Settles a permit.
  Effect settle(int word, int began, Outcome outcome, {Duration? retryAfter}) {
    // The breaker may be gone before its calls are.
    if (_closed) {
      return Effect.alreadySettled;
    }
    final now = reading(clock);
    final number = outcome.index;
    final int result;
    if (retryAfter != null) {
      final asked = nanosecondsOf(retryAfter);
      result = native.settleWordRetryAfter(
        _breaker,
        word,
        began,
        number,
        asked,
        now,
        _effect.address,
        _made.address,
      );
    } else if (word >>> 32 == 0) {
      result = native.settleLowWord(_breaker, word, began, number, now, _effect.address, _made.address);
    } else {
      result = native.settleWord(_breaker, word, began, number, now, _effect.address, _made.address);
    }
    _check(result);
    final effect = Effect.values[_effect[0]];
    _tell();
    return effect;
  }

  /// Does what a hand does.
  void control(Control control) {
    _alive();
    final now = reading(clock);
    _check(switch (control) {
      Control.reset => native.reset(_breaker, now, _made.address),
      Control.trip => native.trip(_breaker, now, _made.address),
      Control.forceOpen => native.forceOpen(_breaker, now, _made.address),
      Control.forceClosed => native.forceClosed(_breaker, now, _made.address),
      Control.automatic => native.automatic(_breaker, now, _made.address),
      Control.tick => native.tick(_breaker, now, _made.address),
      Control.recordSuccess => native.recordSuccess(_breaker, now, _made.address),
      Control.recordFailure => native.recordFailure(_breaker, now, _made.address),
    });
    _tell();
  }

  /// The state now.
  CircuitState state() {
    _alive();
    _check(native.getState(_breaker, reading(clock), _word.address));
    return CircuitState.values[_word[0] & 0xffffffff];
  }

  /// State and totals now.
  CircuitBreakerMetrics metrics() {
    _alive();
    final now = reading(clock);
    final numbers = metricsNumbers();
    _check(native.getMetrics(_breaker, now, numbers.address));
    return CircuitBreakerMetrics(numbers);
  }

  /// The last transitions.
  List<Transition> recentTransitions() {
    _alive();
    final numbers = Uint64List(32 * transitionNumbers);
    _check(native.recentTransitions(_breaker, numbers.address, 32, _word.address));
    return readTransitions(numbers, 0, _word[0], name);
  }

  /// What it is doing, and why.
  Explanation explain() {
    _alive();
    final now = reading(clock);
    var buffer = Uint8List(4096);
    String text(int Function(Uint8List buffer) write) {
      while (true) {
        final result = write(buffer);
        if (result != native.bufferTooSmall) {
          _check(result);
          return utf8.decode(Uint8List.sublistView(buffer, 0, _word[0] - 1));
        }
        buffer = Uint8List(_word[0] + 1024);
      }
    }

    final json = text((it) => native.explainJson(_breaker, now, it.address, it.length, _word.address));
    final lines = text((it) => native.explainText(_breaker, now, it.address, it.length, _word.address));
    return Explanation(jsonDecode(json) as Map<String, Object?>, lines, name);
  }

  /// Frees it now. Nothing is done with it after that.
  void close() {
    if (!_closed) {
      _closed = true;
      _freeBreaker.detach(this);
      _freeCounter.detach(this);
      native.counterFree(_counterOwner);
      native.free(_breaker);
      _told?.close();
    }
  }

  void _alive() {
    if (_closed) {
      throw StateError('the circuit breaker has been closed');
    }
  }

  void _tell() {
    final count = _made[0] & 0xffffffff;
    if (count > 0) {
      _told?.tell(readTransitions(_made, 1, count, name));
    }
  }
}

Pointer<Void> _make(CircuitBreakerConfig config, String? sharedName) {
  loaded;
  final numbers = configNumbers(config);
  final place = Uint64List(1);
  final error = Uint8List(352);
  final int result;
  if (sharedName == null) {
    result = native.newBreaker(numbers.address, place.address, error.address);
  } else {
    final bytes = utf8.encode(sharedName);
    if (bytes.isEmpty || bytes.length > native.longestName) {
      throw ArgumentError.value(sharedName, 'name', 'must be 1 to ${native.longestName} bytes of UTF-8');
    }
    result = native.shared(bytes.address, bytes.length, numbers.address, place.address, error.address);
  }
  if (result == native.invalidConfig) {
    throw refusal(config, error);
  }
  if (result == native.configMismatch) {
    throw ArgumentError.value(sharedName, 'name', 'must be of no breaker that has another configuration');
  }
  _check(result);
  return Pointer.fromAddress(place[0]);
}

/// What is left is no answer but a defect, here or there.
void _check(int result) {
  if (result != native.ok && result != native.alreadySettled) {
    throw StateError('the native library answered ${text(native.resultName(result))}');
  }
}
