package io.ashlar.iscsi.pdu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class SerialNumberTest {
    /** Protects sessions that live long enough for CmdSN to wrap. */
    @Test
    void ordersAcrossTheWrap() {
        assertThat(SerialNumber.isBefore(0xFFFF_FFFF, 0)).isTrue();
        assertThat(SerialNumber.isBefore(0, 0xFFFF_FFFF)).isFalse();
        assertThat(SerialNumber.isBefore(5, 5)).isFalse();
        assertThat(SerialNumber.isBefore(0x7FFF_FFFF, 0x8000_0000)).isTrue();
        assertThat(SerialNumber.isWithin(1, 0xFFFF_FFF0, 4)).isTrue();
        assertThat(SerialNumber.isWithin(5, 0xFFFF_FFF0, 4)).isFalse();
    }

    /** Protects from treating an undefined comparison as an order, RFC 1982 section 3.2. */
    @Test
    void numbersHalfTheSpaceApartHaveNoOrder() {
        assertThat(SerialNumber.isBefore(0, 0x8000_0000)).isFalse();
        assertThat(SerialNumber.isBefore(0x8000_0000, 0)).isFalse();
    }

    /** Protects a closed window: it holds nothing. */
    @Test
    void aWindowThatEndsBeforeItBeginsIsEmpty() {
        assertThat(SerialNumber.isWithin(10, 10, 9)).isFalse();
        assertThat(SerialNumber.isWithin(9, 10, 9)).isFalse();
    }
}
