"""What Streamlit executes, apart: it puts the folder of its script in front of `sys.path`."""
