# frozen_string_literal: true

module K1s0
  class CircuitBreaker
    # What is called past uniffi, whose records take much longer: `src/direct.rs` says what the numbers are.
    module Direct
      extend FFI::Library
      ffi_lib LIBRARY
      attach_function :succeed, :k1s0_cb_uniffi_succeed, %i[pointer uint32], :uint8
      attach_function :acquire, :k1s0_cb_uniffi_acquire, %i[pointer uint64 pointer], :int
      attach_function :settle, :k1s0_cb_uniffi_settle,
                      %i[pointer uint64 uint64 int int uint64 uint64 pointer], :int

      NUMBERS = 9
      WORD = 1
      WAIT = 2
      MADE = 4
      Made = Struct.new(:from, :to, :reason, :epoch, :at)

      # The numbers of an answer, which the block has written.
      def self.numbers
        answer = FFI::MemoryPointer.new(:uint64, NUMBERS)
        raise 'a defect in the native library' unless yield(answer) == 1

        answer.read_array_of_uint64(NUMBERS)
      end

      # The change of state among them.
      def self.made(numbers) = (Made.new(*numbers[4, 5]) if numbers[1].anybits?(MADE))
    end
    private_constant :Direct

    # A breaker of the library. The only one who calls into it for a breaker.
    class Handle
      # The clock of a breaker that was given none.
      MONOTONIC = -> { Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond) }
      LOW = [1].pack('L') == [1].pack('V') ? 0 : 4
      BITS = (2**64) - 1

      attr_reader :name, :transitions

      def initialize(config, clock, name)
        @native = K1s0CircuitBreaker::NativeBreaker.new(config.settings)
        @address = FFI::Pointer.new(@native.address)
        # 32 bits that lie together are read all or none.
        @admission = FFI::Pointer.new(@native.admission_address + LOW)
        @clock = clock
        @name = name
        @transitions = Transitions.new
      rescue K1s0CircuitBreaker::Refused::Field => e
        raise config.refused(e)
      end

      # The low half of the admission word. While its bit 0 is 0, a call needs not be asked for: this is its permit.
      def word = @admission.read_uint32

      # Settles such a permit as a success.
      def succeed(word)
        settle(word, 0, :success) if Direct.succeed(@address, word).zero?
      end

      # A permit where it has to be asked for, and since when.
      def ask
        now = self.now
        numbers = Direct.numbers { |answer| Direct.acquire(@address, now, answer) }
        tell(Direct.made(numbers))
        return [numbers[0], now] if numbers[1].anybits?(Direct::WORD)

        wait = numbers[3] if numbers[1].anybits?(Direct::WAIT)
        raise Error.new(REJECT_REASONS[numbers[2]], Seconds.from_nanoseconds(wait), name)
      end

      # Settles a permit; answers one of EFFECTS.
      def settle(word, began, outcome, retry_after = nil)
        number = OUTCOMES.index(outcome) or raise ArgumentError, "no outcome #{outcome.inspect}; there are #{OUTCOMES}"
        wait = Seconds.to_nanoseconds(:retry_after, retry_after) if retry_after
        numbers = Direct.numbers do |answer|
          Direct.settle(@address, word, began, number, wait ? 1 : 0, wait || 0, now, answer)
        end
        tell(Direct.made(numbers))
        EFFECTS[numbers[2]]
      end

      def record(success)
        @native.record(success, now).each { |made| tell(made) }
        nil
      end

      %i[reset trip force_open force_closed automatic tick].each do |control|
        define_method(control) do
          tell(@native.public_send(control, now))
          nil
        end
      end

      def state = STATES[@native.state(now)]

      def metrics = Metrics.new(@native.metrics(now))

      def explain = Explanation.new(@native.explain(name, now), name)

      def recent_transitions = @native.recent_transitions.map { |made| Transition.of(made, name) }

      private

      # Only differences mean anything, so 64 bits of it are enough.
      def now = @clock.call.to_i & BITS

      def tell(made)
        @transitions.tell(Transition.of(made, name)) if made
      end
    end
    private_constant :Handle
  end
end
