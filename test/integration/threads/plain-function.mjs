export default () => 'not made by threadHandler';
