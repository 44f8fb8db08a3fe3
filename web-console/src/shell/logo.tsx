export const Logo = () => (
  <span className="logo">
    <svg viewBox="0 0 28 28" aria-hidden="true">
      <path d="M6 6.5C6.6 12.5 9.4 17.5 14 21c4.6-3.5 7.4-8.5 8-14.5" />
      <circle cx="6" cy="6" r="2.8" fill="currentColor" stroke="none" />
      <circle cx="22" cy="6" r="2.8" className="hole" />
      <circle cx="14" cy="21" r="2.8" fill="currentColor" stroke="none" />
    </svg>
  </span>
)
