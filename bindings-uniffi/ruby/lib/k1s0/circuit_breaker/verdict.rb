# frozen_string_literal: true

module K1s0
  class CircuitBreaker
    # What a classifier may answer instead of one of OUTCOMES: an outcome, and for how many seconds the server asks not to be
    # called, which counts if this failure opens the circuit.
    Verdict = Struct.new(:outcome, :retry_after)
  end
end
