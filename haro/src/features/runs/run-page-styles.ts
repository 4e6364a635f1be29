/** Styles of Mantine components that only a run's page uses: they are loaded with it. */
import '@mantine/core/styles/Drawer.css';
import '@mantine/core/styles/Tabs.css';
import '@mantine/core/styles/Slider.css';
import '@mantine/core/styles/Paper.css';
import '@mantine/core/styles/FloatingIndicator.css';
