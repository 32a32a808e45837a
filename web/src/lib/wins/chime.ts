/** Two soft notes, a fifth apart. */
const NOTES = [523.25, 783.99];
const NOTE_S = 0.14;
const FADE_S = 0.9;
const LOUDNESS = 0.12;

/** A sound for a win. Made by a click, as browsers let nothing else make one. */
export class Chime {
  readonly #audio = new AudioContext();

  play(): void {
    void this.#audio.resume();
    for (const [index, frequency] of NOTES.entries()) {
      const start = this.#audio.currentTime + index * NOTE_S;
      const tone = this.#audio.createOscillator();
      const volume = this.#audio.createGain();
      tone.type = "sine";
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0, start);
      volume.gain.linearRampToValueAtTime(LOUDNESS, start + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, start + FADE_S);
      tone.connect(volume).connect(this.#audio.destination);
      tone.start(start);
      tone.stop(start + FADE_S);
    }
  }

  close(): void {
    void this.#audio.close();
  }
}
