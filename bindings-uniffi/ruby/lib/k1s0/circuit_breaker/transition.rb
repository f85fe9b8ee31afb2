# frozen_string_literal: true

module K1s0
  class CircuitBreaker
    # One change of state: from one of STATES to another (or the same, where only a new epoch began), for one of REASONS, at
    # so many seconds of the breaker's clock. `epoch` is one more than that of the transition before; `breaker` is the
    # breaker's name, if it has one.
    Transition = Struct.new(:breaker, :from, :to, :reason, :epoch, :at, keyword_init: true) do
      def to_s
        "#{"#{breaker}: " if breaker}#{from} -> #{to} (#{reason})"
      end
    end

    # What the library has made.
    def Transition.of(made, name)
      new(
        breaker: name,
        from: STATES[made.from],
        to: STATES[made.to],
        reason: REASONS[made.reason],
        epoch: made.epoch,
        at: made.at.fdiv(1_000_000_000)
      ).freeze
    end
    Transition.private_class_method :new
  end
end
