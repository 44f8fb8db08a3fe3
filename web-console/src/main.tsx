import { createRoot } from 'react-dom/client'
import { App } from './app'
import './styles/tokens.css'
import './styles/components.css'
import './styles/console.css'
import { showTheme } from './ui/settings'

showTheme()
createRoot(document.getElementById('root')!).render(<App />)
