import 'dart:async';
import 'dart:collection';
import 'dart:typed_data';

import 'clock.dart';
import 'state.dart';

/// One change of state.
final class Transition {
  const Transition._({
    required this.breaker,
    required this.from,
    required this.to,
    required this.epoch,
    required this.reason,
    required this.at,
  });

  /// The breaker's name, if it has one.
  final String? breaker;

  /// The state before.
  final CircuitState from;

  /// The state after; the same where only a new epoch began: a `reset()` of a closed breaker, a `trip()` of an open one.
  final CircuitState to;

  /// The epoch that began: one more than that of the transition before.
  final int epoch;

  /// Why.
  final TransitionReason reason;

  /// When, by the breaker's clock.
  final Duration at;

  @override
  String toString() {
    final name = breaker == null ? '' : '$breaker: ';
    return '$name${from.name} -> ${to.name} (${reason.name})';
  }
}

/// How many 64-bit numbers a transition has in the library.
const transitionNumbers = 4;

/// Reads transitions that the library has written, from the [first] number on.
List<Transition> readTransitions(Uint64List numbers, int first, int count, String? breaker) {
  final words = Uint32List.view(numbers.buffer, numbers.offsetInBytes);
  return [
    for (var at = first; at < first + count * transitionNumbers; at += transitionNumbers)
      Transition._(
        breaker: breaker,
        epoch: numbers[at],
        at: momentOf(numbers[at + 1]),
        from: CircuitState.values[words[2 * at + 4]],
        to: CircuitState.values[words[2 * at + 5]],
        reason: TransitionReason.of(words[2 * at + 6]),
      ),
  ];
}

/// Tells of transitions, in order, one after the other.
final class Transitions {
  final _waiting = Queue<Transition>();
  late final _controller = StreamController<Transition>.broadcast(sync: true);
  var _telling = false;

  /// What listeners listen to.
  Stream<Transition> get stream => _controller.stream;

  /// Tells of these. A listener that uses the breaker makes more, which are told after them.
  void tell(List<Transition> transitions) {
    _waiting.addAll(transitions);
    if (_telling) {
      return;
    }
    _telling = true;
    try {
      while (_waiting.isNotEmpty) {
        // What a listener throws goes to its own zone, and costs nobody else anything.
        _controller.add(_waiting.removeFirst());
      }
    } finally {
      _telling = false;
    }
  }

  /// Ends the stream.
  void close() => unawaited(_controller.close());
}
